import { describe, expect, it } from 'vitest';
import { inspectHosts } from '../../../activities/host/conformance/inspect-hosts.ts';
import { quarantineNode } from '../../../activities/host/conformance/quarantine-node.ts';
import { assembleArray } from '../../../activities/host/disks/assemble-array.ts';
import { makeFilesystem } from '../../../activities/host/disks/make-filesystem.ts';
import { mountStorage } from '../../../activities/host/disks/mount-storage.ts';
import { partitionArray } from '../../../activities/host/disks/partition-array.ts';
import { recordPath, recordText } from '../../../activities/host/identity/record.ts';
import { admitNode } from '../../../activities/host/node/admit-node.ts';
import { registerNode } from '../../../activities/host/node/register-node.ts';
import type { HostDeps } from '../../../activities/host/index.ts';
import type { StepDefinition } from '../../../src/steps/index.ts';
import { playDisks } from '../../support/played-disks.ts';
import { playHardware } from '../../support/played-hardware.ts';
import { doStep, playedContext, playedPlatform, playHost } from '../../support/played-host.ts';
import { playSystem } from '../../support/played-system.ts';

const of = { serial: 'T1', generation: 1 };

/** Its class bonds nothing: the network has a model of its own (test/activities/host/network). */
async function admitted() {
  const host = playHost({ platform: playedPlatform.replace('bonded: true', 'bonded: false') });
  playDisks(host);
  playHardware(host);
  const system = playSystem(host, 'conforming');
  host.files.set(recordPath, recordText(of));
  host.play({
    'last-look': () => 'mounted xfs rw\narray md127 clean 0 idle\nend\n',
    systemctl: ([verb]) => (verb === 'is-active' ? { code: 3 } : ''),
  });
  const storage = [assembleArray, partitionArray, makeFilesystem, mountStorage] as StepDefinition<
    typeof of,
    unknown,
    HostDeps
  >[];
  for (const step of storage) await doStep(step, of, host.deps);
  await doStep(registerNode, of, host.deps);
  await doStep(admitNode, of, host.deps);
  host.sent.length = 0;
  return { host, system };
}
const verdictOf = async (host: ReturnType<typeof playHost>) =>
  (await inspectHosts.probe({ serials: ['T1'] }, host.deps, playedContext())).observed[0];

describe('host.conformance', () => {
  it('finds nothing on a host that conforms, and changes nothing', async () => {
    const { host } = await admitted();
    const files = new Map(host.files);
    const nodes = new Map(host.nodes.all);
    expect(await verdictOf(host)).toEqual({ serial: 'T1', drifts: [] });
    expect(host.files).toEqual(files);
    expect(host.nodes.all).toEqual(nodes);
    const acting = host.sent.filter(([name = '']) => /^(apply-|restore-|write-|remove-|act-|reboot)/.test(name));
    expect(acting).toEqual([]);
  });

  it('says what is wanted and what was found', async () => {
    const { host, system } = await admitted();
    system.found.set('ksm', '1');
    expect((await verdictOf(host))?.drifts).toContainEqual({
      step: 'control ksm',
      wanted: 'the kernel merges no pages of different VMs',
      found: 'ksm/run is 1',
    });
  });

  it('counts a host that does not answer as one that does not conform', async () => {
    const { host } = await admitted();
    host.cut('read-controls', 'before');
    expect(await verdictOf(host)).toMatchObject({ unanswered: true, drifts: [{ wanted: 'it can be asked' }] });
  });

  it('counts a host that was never onboarded', async () => {
    const { host } = await admitted();
    host.files.delete(recordPath);
    expect((await verdictOf(host))?.drifts).toEqual([
      { step: 'host.verify-identity', wanted: 'it was onboarded', found: 'it was never onboarded' },
    ]);
  });

  it('quarantines the Node of a host that drifted, and calls the taint itself no drift', async () => {
    const { host, system } = await admitted();
    system.found.set('ksm', '1');
    expect(await doStep(quarantineNode, { serial: 'T1' }, host.deps)).toMatchObject({ changed: true });
    expect(host.nodes.all.get('node-1')?.taints).toEqual([{ key: 'gantry.dev/quarantine', effect: 'NoSchedule' }]);
    system.found.set('ksm', '0');
    expect(await verdictOf(host)).toEqual({ serial: 'T1', quarantined: true, drifts: [] });
  });

  it('does not quarantine a host that conforms by now', async () => {
    const { host } = await admitted();
    expect(await doStep(quarantineNode, { serial: 'T1' }, host.deps)).toMatchObject({ changed: false });
    expect(host.nodes.all.get('node-1')?.taints).toEqual([]);
  });
});
