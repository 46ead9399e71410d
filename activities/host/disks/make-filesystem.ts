import type { HostStepInput } from '../../../src/runs/index.ts';
import type { ContentFacts, ContentStanding } from '../../../src/planning/host/index.ts';
import { filesystemStanding } from '../../../src/planning/host/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { HostDeps } from '../access/access.ts';
import { command } from '../access/remote.ts';
import { script } from '../access/script.ts';
import { endWork, longWork } from '../access/units.ts';
import { mkfsScript, unmkfsScript } from './disk-scripts.ts';
import { partitionPath, storageLabel } from './paths.ts';
import { storageOf } from './storage.ts';

/** The file system of the partition. */
export type FilesystemSeen = {
  standing: ContentStanding['is'];
  filesystem: NonNullable<ContentFacts['filesystem']> | null;
};

const work = 'make the file system';

/** Makes the XFS of the VM storage, with its UUID given; one that is there already is left as it is. Never mkfs -f. */
export const makeFilesystem = defineStep<HostStepInput, FilesystemSeen, HostDeps>({
  name: 'host.make-filesystem',
  probe: async (of, deps, context) => {
    const { facts, uuids } = await storageOf(of, deps, context);
    const standing = filesystemStanding(facts.content, uuids);
    const seen: FilesystemSeen = { standing: standing.is, filesystem: facts.content?.filesystem ?? null };
    switch (standing.is) {
      case 'foreign':
        return blocked('HOST_ARRAY_FOREIGN', seen, `the partition of ${of.serial} holds ${standing.what}`);
      case 'ours':
        return done(seen, `xfs ${uuids.filesystem}`);
      case 'unfinished':
        return todo(seen, 'a mkfs of ours did not get to its end', { begun: true });
      case 'absent':
        return todo(seen, `the partition of ${of.serial} has no file system yet`);
    }
  },
  apply: async (of, _seen, deps, context) => {
    const { access, uuids } = await storageOf(of, deps, context);
    const argv = script(
      'make-filesystem',
      mkfsScript,
      partitionPath(uuids),
      uuids.filesystem,
      storageLabel(of.generation),
    );
    await longWork(access.ssh, context, { what: work, argv, refused: 'HOST_ARRAY_FOREIGN' });
  },
  undo: async (of, before, deps, context) => {
    const { access, uuids } = await storageOf(of, deps, context);
    await endWork(access.ssh, context, work);
    if (before.standing === 'ours') return;
    const argv = script('remove-filesystem', unmkfsScript, partitionPath(uuids), uuids.filesystem);
    await command(access.ssh, argv, { what: 'take the file system off', timeoutMs: 60_000, signal: context.signal });
  },
});
