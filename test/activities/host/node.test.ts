import { describe, expect, it } from 'vitest';
import { admitNode } from '../../../activities/host/node/admit-node.ts';
import { storageFlaws } from '../../../activities/host/node/last-look.ts';
import { registerNode } from '../../../activities/host/node/register-node.ts';
import type { PlayedHost } from '../../support/played-host.ts';
import { doStep, playedContext, playHost } from '../../support/played-host.ts';
import { playSystem } from '../../support/played-system.ts';

const of = { serial: 'T1', generation: 1 };
const clean = ['mounted xfs rw,noatime', 'array md127 clean 0 idle', 'end'];

function ready({ kubelet = false, storage = clean } = {}) {
  const host = playHost();
  const system = playSystem(host, 'conforming');
  const world = { storage };
  host.play({ 'last-look': () => `${world.storage.join('\n')}\n`, systemctl: () => ({ code: kubelet ? 0 : 3 }) });
  return { host, system, world };
}
const keysOf = (host: PlayedHost) => host.nodes.all.get('node-1')?.taints.map(({ key }) => key);

describe('register-node', () => {
  it('posts the Node where no kubelet runs: it says whose it is, and takes nothing', async () => {
    const { host } = ready();
    expect(await doStep(registerNode, of, host.deps)).toMatchObject({ changed: true, before: { exists: false } });
    expect(host.nodes.all.get('node-1')).toMatchObject({
      labels: { 'gantry.dev/host-class': 'small', 'gantry.dev/rack': 'a1', 'topology.kubernetes.io/zone': 'z1' },
      annotations: { 'gantry.dev/serial': 'T1', 'gantry.dev/generation': '1' },
      taints: [{ key: 'gantry.dev/onboarding', effect: 'NoSchedule' }],
    });
    expect(await doStep(registerNode, of, host.deps)).toMatchObject({ changed: false });
  });

  it('waits for a kubelet that runs', async () => {
    const { host } = ready({ kubelet: true });
    await expect(doStep(registerNode, of, host.deps)).rejects.toMatchObject({ code: 'HOST_NODE_NOT_POSTED' });
    host.nodes.set('node-1', { labels: { 'kubernetes.io/os': 'linux' } });
    await doStep(registerNode, of, host.deps);
    expect(host.nodes.all.get('node-1')?.labels).toMatchObject({
      'kubernetes.io/os': 'linux',
      'gantry.dev/rack': 'a1',
    });
  });

  it('keeps what others put on the Node, and its undo takes only its own away', async () => {
    const { host } = ready();
    const theirs = {
      labels: { team: 'x', 'gantry.dev/rack': 'old' },
      annotations: { note: 'y' },
      taints: [{ key: 'theirs', effect: 'NoExecute' as const }],
    };
    host.nodes.set('node-1', theirs);
    const run = await doStep(registerNode, of, host.deps);
    expect(keysOf(host)).toEqual(['theirs', 'gantry.dev/onboarding']);
    host.nodes.set('node-1', { labels: { ...host.nodes.all.get('node-1')?.labels, later: 'z' } });
    await registerNode.undo?.(of, run.before, host.deps, playedContext());
    expect(host.nodes.all.get('node-1')).toMatchObject({
      labels: { team: 'x', 'gantry.dev/rack': 'old', later: 'z' },
      annotations: { note: 'y' },
      taints: theirs.taints,
    });
    expect(host.nodes.all.get('node-1')?.annotations).toEqual({ note: 'y' });
  });

  it.each([
    ['of another machine', { 'gantry.dev/serial': 'T2' }],
    ['of an earlier life', { 'gantry.dev/serial': 'T1', 'gantry.dev/generation': '0' + '3' }],
  ])('refuses a Node %s, and leaves it', async (_what, annotations) => {
    const { host } = ready();
    host.nodes.set('node-1', { annotations });
    const held = host.nodes.all.get('node-1');
    await expect(doStep(registerNode, { ...of, generation: 4 }, host.deps)).rejects.toMatchObject({
      code: 'HOST_NODE_TAKEN',
    });
    expect(host.nodes.all.get('node-1')).toBe(held);
  });

  it('writes nothing over a change that came in between', async () => {
    const { host } = ready();
    host.nodes.set('node-1', {});
    host.nodes.beforeWrite = () => host.nodes.set('node-1', { labels: { now: 'changed' } });
    await expect(doStep(registerNode, of, host.deps)).rejects.toMatchObject({ code: 'KUBERNETES_CONFLICT' });
    expect(host.nodes.all.get('node-1')?.labels).toEqual({ now: 'changed' });
  });
});

describe('admit-node', () => {
  const registered = async (options: Parameters<typeof ready>[0] = {}) => {
    const made = ready(options);
    await doStep(registerNode, of, made.host.deps);
    return made;
  };

  it('lifts the taint by one change, and both steps then find nothing to do', async () => {
    const { host } = await registered();
    expect(await doStep(admitNode, of, host.deps)).toMatchObject({ changed: true });
    expect(keysOf(host)).toEqual([]);
    expect(await doStep(registerNode, of, host.deps)).toMatchObject({ changed: false });
    expect(await doStep(admitNode, of, host.deps)).toMatchObject({ changed: false });
  });

  it.each([
    ['a degraded array', ['mounted xfs rw', 'array md127 clean 1 idle', 'end'], /lacks 1/],
    ['storage that fell through to the disk of the system', ['mounted no', 'end'], /nothing is mounted/],
    ['a mount without an array', ['mounted xfs rw', 'end'], /lies on no array/],
    ['a read-only mount', ['mounted xfs ro', 'array md127 clean 0 idle', 'end'], /read-only/],
    [
      'a network change that is not confirmed',
      [...clean.slice(0, 2), 'pending gantry-net-revert.timer', 'end'],
      /confirmation/,
    ],
  ])('refuses %s', async (_what, storage, words) => {
    const { host } = await registered({ storage });
    await expect(doStep(admitNode, of, host.deps)).rejects.toMatchObject({
      code: 'HOST_NOT_ADMISSIBLE',
      message: expect.stringMatching(words) as string,
    });
    expect(keysOf(host)).toEqual(['gantry.dev/onboarding']);
  });

  it('refuses a host whose conformance is no longer the one on its Node', async () => {
    const { host, system } = await registered();
    system.found.set('ksm', '1');
    await expect(doStep(admitNode, of, host.deps)).rejects.toMatchObject({ code: 'HOST_NOT_ADMISSIBLE' });
  });

  it('does not lift a cordon', async () => {
    const { host } = await registered();
    host.nodes.set('node-1', { unschedulable: true });
    await expect(doStep(admitNode, of, host.deps)).rejects.toMatchObject({ code: 'HOST_NODE_CORDONED' });
  });

  it('is a compare-and-set: a taint that came after the last look stays, and so does the gate', async () => {
    const { host } = await registered();
    const { observed } = await admitNode.probe(of, host.deps, playedContext());
    const taints = host.nodes.all.get('node-1')?.taints ?? [];
    host.nodes.set('node-1', { taints: [...taints, { key: 'theirs', effect: 'NoSchedule' }] });
    await expect(admitNode.apply?.(of, observed, host.deps, playedContext())).rejects.toMatchObject({
      code: 'KUBERNETES_CONFLICT',
    });
    expect(keysOf(host)).toEqual(['gantry.dev/onboarding', 'theirs']);
  });

  it('is not disturbed by what a kubelet reports of the Node’s health', async () => {
    const { host } = await registered();
    const { observed } = await admitNode.probe(of, host.deps, playedContext());
    host.nodes.set('node-1', { ready: 'False' });
    await admitNode.apply?.(of, observed, host.deps, playedContext());
    expect(keysOf(host)).toEqual([]);
  });

  it('waits for the end of a resync', async () => {
    const { host, world } = await registered({ storage: ['mounted xfs rw', 'array md127 active 0 resync', 'end'] });
    const progress = () => void (world.storage = clean);
    const context = playedContext({ progress });
    // Its wait between two looks is half a minute: the look that follows the progress is enough to see that it waits.
    const { observed, verdict } = await admitNode.probe(of, host.deps, context);
    expect([verdict, observed.busy]).toEqual(['todo', ['the array md127 is busy with resync']]);
    expect(keysOf(host)).toEqual(['gantry.dev/onboarding']);
  });

  it('is undone: the taint is back', async () => {
    const { host } = await registered();
    const run = await doStep(admitNode, of, host.deps);
    await admitNode.undo?.(of, run.before, host.deps, playedContext());
    expect(keysOf(host)).toEqual(['gantry.dev/onboarding']);
    expect(host.nodes.all.get('node-1')?.annotations['gantry.dev/admitted']).toBeUndefined();
  });

  it('lifts a quarantine', async () => {
    const { host } = await registered();
    await doStep(admitNode, of, host.deps);
    host.nodes.set('node-1', { taints: [{ key: 'gantry.dev/quarantine', effect: 'NoSchedule' }] });
    await doStep(admitNode, of, host.deps);
    expect(keysOf(host)).toEqual([]);
  });
});

it('an array that is checked is not busy', () => {
  expect(storageFlaws('/srv/vm', ['mounted xfs rw', 'array md1 active 0 check'], true)).toEqual({
    flaws: [],
    busy: [],
  });
});
