import type { HostStepInput } from '../../../src/runs/index.ts';
import type { ContentFacts, ContentStanding } from '../../../src/planning/host/index.ts';
import { tableStanding } from '../../../src/planning/host/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { HostDeps } from '../access/access.ts';
import { command } from '../access/remote.ts';
import { script } from '../access/script.ts';
import { partitionScript, unpartitionScript } from './disk-scripts.ts';
import { arrayPath, partitionPath, storageLabel } from './paths.ts';
import { storageOf } from './storage.ts';

/** The table of the array. */
export type TableSeen = { standing: ContentStanding['is']; table: NonNullable<ContentFacts['table']> | null };

/** GPT's type for data of Linux. */
const linuxData = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';

/** Puts one partition on the array, with its GUIDs given. Refuses an array that holds anything else. */
export const partitionArray = defineStep<HostStepInput, TableSeen, HostDeps>({
  name: 'host.partition-array',
  probe: async (of, deps, context) => {
    const { facts, uuids } = await storageOf(of, deps, context);
    const standing = tableStanding(facts.content, uuids);
    const seen: TableSeen = { standing: standing.is, table: facts.content?.table ?? null };
    if (standing.is === 'foreign') {
      return blocked('HOST_ARRAY_FOREIGN', seen, `the array of ${of.serial} holds ${standing.what}`);
    }
    if (standing.is === 'ours') return done(seen, `one partition, ${uuids.partition}`);
    return todo(seen, `the array of ${of.serial} has no partition yet`);
  },
  apply: async ({ generation, ...of }, _seen, deps, context) => {
    const { access, uuids } = await storageOf({ generation, ...of }, deps, context);
    const table = [
      'label: gpt',
      `label-id: ${uuids.label.toUpperCase()}`,
      `start=2048, type=${linuxData}, uuid=${uuids.partition.toUpperCase()}, name="${storageLabel(generation)}"`,
      '',
    ].join('\n');
    context.mustBeOurs();
    await command(access.ssh, script('partition-array', partitionScript, arrayPath(uuids)), {
      ...{ what: 'partition the array', stdin: table, timeoutMs: 60_000, signal: context.signal },
      refused: 'HOST_ARRAY_FOREIGN',
    });
  },
  undo: async (of, before, deps, context) => {
    if (before.standing !== 'absent') return;
    const { access, uuids } = await storageOf(of, deps, context);
    const argv = script('unpartition-array', unpartitionScript, arrayPath(uuids), uuids.label, partitionPath(uuids));
    await command(access.ssh, argv, { what: 'take the table off', timeoutMs: 60_000, signal: context.signal });
  },
});
