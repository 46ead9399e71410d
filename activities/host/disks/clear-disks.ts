import type { HostClearInput } from '../../../src/runs/index.ts';
import { contentsInWords, diskFindings, diskStanding } from '../../../src/planning/host/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { HostDeps } from '../access/access.ts';
import { script } from '../access/script.ts';
import { longWork } from '../access/units.ts';
import { wipeScript } from './disk-scripts.ts';
import { wipeMarker } from './paths.ts';
import { storageOf } from './storage.ts';

/** What each disk of the inventory held. */
export type DisksSeen = {
  disks: readonly { serial: string; kernelName: string; bytes: number; is: string; holds: string; digest: string }[];
  missing: readonly string[];
};

/**
 * The interlock before anything is written to a disk: each is blank or this host's own, or holds exactly what a wipe token was
 * given for. A wipe has no undo.
 */
export const clearDisks = defineStep<HostClearInput, DisksSeen, HostDeps>({
  name: 'host.clear-disks',
  probe: async (of, deps, context) => {
    const { uuids, facts } = await storageOf(of, deps, context);
    const standings = facts.disks.map((disk) => ({ disk, standing: diskStanding(disk, uuids, of.wipes) }));
    const seen: DisksSeen = {
      missing: facts.missing,
      disks: standings.map(({ disk, standing }) => ({
        ...{ serial: disk.serial, kernelName: disk.kernelName, bytes: disk.bytes, digest: disk.digest },
        ...{ is: standing.is, holds: contentsInWords(disk) },
      })),
    };
    const findings = diskFindings(facts, uuids, of.wipes);
    const [first] = findings;
    if (first) return blocked(first.code, seen, findings.map(({ message }) => message).join('; '));
    const toWipe = standings.filter(({ standing }) => standing.is === 'to-wipe');
    if (toWipe.length === 0) return done(seen, `${facts.disks.length} disks are blank, or this host's own`);
    const begun = toWipe.some(({ standing }) => standing.is === 'to-wipe' && standing.begun);
    return todo(seen, `to wipe: ${toWipe.map(({ disk }) => disk.serial).join(', ')}`, { begun });
  },
  apply: async (of, _seen, deps, context) => {
    const { access, uuids, facts } = await storageOf(of, deps, context);
    for (const disk of facts.disks) {
      const { serial, path } = disk;
      const wipe = of.wipes.find((one) => one.serial === serial);
      if (!wipe || diskStanding(disk, uuids, of.wipes).is !== 'to-wipe') continue;
      await longWork(access.ssh, context, {
        what: `wipe ${serial}`,
        argv: script('wipe-disk', wipeScript, path, wipeMarker(serial), wipe.digest),
        refused: 'HOST_WIPE_STALE',
      });
      deps.log.info({ serial: of.serial, disk: serial, held: contentsInWords(disk) }, 'disk wiped as its token says');
    }
  },
});
