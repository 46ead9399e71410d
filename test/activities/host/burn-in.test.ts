import { describe, expect, it } from 'vitest';
import { burnIn } from '../../../activities/host/burn-in/burn-in.ts';
import { compareCounters } from '../../../activities/host/burn-in/counters.ts';
import { annotations } from '../../../activities/host/node/names.ts';
import { hostInventory, parsePlatform } from '../../../src/platform/index.ts';
import type { PlayedHost } from '../../support/played-host.ts';
import { doStep, playedContext, playedPlatform, playHost } from '../../support/played-host.ts';
import { playSystem } from '../../support/played-system.ts';

const of = { serial: 'T1', generation: 1 };
const report = '/var/lib/gantry/burn-in.json';
const bootFile = '/proc/sys/kernel/random/boot_id';
const platform = playedPlatform.replace(
  '      densities:',
  '      burnIn: { cpu: 3s, memory: 2s, disk: 1s }\n      densities:',
);

function played() {
  const host = playHost({ platform });
  const system = playSystem(host, 'conforming');
  const counters: Record<string, string> = {
    ...{ 'edac/mc0/ce_count': '3', mce: '0', 'smart/T1-DATA1/media_errors': '?', 'smart/T1-DATA2/media_errors': '0' },
    ...Object.fromEntries([1, 2, 3, 4].map((number) => [`disk/T1-DATA${number}/missing`, '0'])),
  };
  const loads: string[] = [];
  host.play({
    'read-counters': () =>
      `${Object.entries(counters)
        .map(([name, value]) => `${name} ${value}`)
        .join('\n')}\nend\n`,
    'stress-ng': (args) => (loads.push(args.includes('--cpu') ? 'cpu' : 'memory'), ''),
    'load-disk': () => (loads.push('disk'), ''),
    date: () => '2026-01-01T00:00:00Z\n',
  });
  return { host, system, counters, loads };
}

/** The same host under another platform file. */
const under = (host: PlayedHost, other: string) => {
  const { config, class: hostClass } = hostInventory(parsePlatform(other, 'played.yaml').platform, of.serial);
  return { ...host.deps, hosts: () => ({ ...host.access, config, class: hostClass }) };
};

describe('burn-in', () => {
  it('runs each load once, keeps a report, and then finds nothing to do', async () => {
    const { host, loads } = played();
    const run = await doStep(burnIn, of, host.deps);
    expect(loads).toEqual(['cpu', 'memory', 'disk']);
    expect(JSON.parse(host.files.get(report) ?? '')).toMatchObject({ seconds: { cpu: 3, memory: 2, disk: 1 } });
    // What could not be read is said, and not taken for 0.
    expect(run.summary).toContain('not readable: smart/T1-DATA1/media_errors');
    expect(await doStep(burnIn, of, host.deps)).toMatchObject({ changed: false });
    expect(loads).toHaveLength(3);
  });

  it('fails for a counter that rose under load, and writes no report', async () => {
    const { host, counters } = played();
    host.play({ 'load-disk': () => ((counters['edac/mc0/ce_count'] = '4'), '') });
    await expect(doStep(burnIn, of, host.deps)).rejects.toMatchObject({
      code: 'HOST_BURN_IN_FAILED',
      message: expect.stringContaining('edac/mc0/ce_count: 3 → 4') as string,
    });
    expect(host.files.has(report)).toBe(false);
  });

  it('counts from before the first attempt when a later one goes on', async () => {
    const { host, counters, loads } = played();
    host.cut('date', 'before');
    await expect(doStep(burnIn, of, host.deps)).rejects.toThrow();
    counters['mce'] = '1';
    await expect(doStep(burnIn, of, host.deps)).rejects.toMatchObject({
      message: expect.stringContaining('mce: 0 → 1') as string,
    });
    // What a former attempt has done is not done again.
    expect(loads).toEqual(['cpu', 'memory', 'disk']);
  });

  it('fails again, and loads nothing, where a disk of the inventory was lost under load and stays away', async () => {
    const { host, counters, loads } = played();
    const lost = (): void =>
      void Object.assign(counters, { 'disk/T1-DATA2/missing': '1', 'smart/T1-DATA2/media_errors': '?' });
    host.play({ 'load-disk': () => (loads.push('disk'), lost(), '') });
    const failed = {
      code: 'HOST_BURN_IN_FAILED',
      message: expect.stringContaining('the disk T1-DATA2 of the inventory is not there') as string,
    };
    await expect(doStep(burnIn, of, host.deps)).rejects.toMatchObject(failed);
    expect(loads).toEqual(['cpu', 'memory', 'disk']);
    for (let retry = 0; retry < 2; retry += 1)
      await expect(doStep(burnIn, of, host.deps)).rejects.toMatchObject(failed);
    expect(loads).toHaveLength(3);
    expect(host.files.has(report)).toBe(false);
    // It is back. What the failed attempt has loaded does not count.
    Object.assign(counters, { 'disk/T1-DATA2/missing': '0', 'smart/T1-DATA2/media_errors': '0' });
    host.play({ 'load-disk': () => (loads.push('disk'), '') });
    await doStep(burnIn, of, host.deps);
    expect(loads).toHaveLength(6);
    expect(host.files.has(report)).toBe(true);
  });

  it('fails for a disk of the inventory of which the reading says nothing', async () => {
    const { host, counters, loads } = played();
    delete counters['disk/T1-DATA3/missing'];
    await expect(doStep(burnIn, of, host.deps)).rejects.toMatchObject({ code: 'HOST_BURN_IN_FAILED' });
    expect(loads).toEqual([]);
  });

  it('fails for a load that ends with an error, and loads again at the next attempt', async () => {
    const { host, loads } = played();
    host.play({ 'stress-ng': () => ({ code: 2, stdout: 'stress-ng: fail: cpu: wrong result' }) });
    await expect(doStep(burnIn, of, host.deps)).rejects.toMatchObject({ code: 'HOST_BURN_IN_FAILED' });
    host.play({ 'stress-ng': () => (loads.push('again'), '') });
    await doStep(burnIn, of, host.deps);
    expect(loads).toEqual(['again', 'again', 'disk']);
  });

  it('is not done again after a reboot, nor for what has nothing to do with the hardware', async () => {
    const { host, loads } = played();
    await doStep(burnIn, of, host.deps);
    host.files.set(bootFile, 'another-boot\n');
    expect(await burnIn.probe(of, host.deps, playedContext())).toMatchObject({ verdict: 'done' });
    const denser = under(host, platform.replace('eccMemory: true', 'eccMemory: true\n      cpuOvercommit: 2'));
    expect(await burnIn.probe(of, denser, playedContext())).toMatchObject({ verdict: 'done' });
    expect(loads).toHaveLength(3);
  });

  it('is to be done again in another life of the host, with another disk, and for as long as the class says now', async () => {
    const { host } = played();
    await doStep(burnIn, of, host.deps);
    const probe = (input: typeof of, deps = host.deps) => burnIn.probe(input, deps, playedContext());
    expect(await probe({ ...of, generation: 2 })).toMatchObject({ verdict: 'todo' });
    expect(await probe(of, under(host, platform.replace('cpu: 3s', 'cpu: 4s')))).toMatchObject({ verdict: 'todo' });
    expect(await probe(of, under(host, platform.replaceAll('T1-DATA4', 'T1-DATA9')))).toMatchObject({
      verdict: 'todo',
    });
  });

  it('is not begun while the Node of the host takes VMs: one that is cordoned, or not admitted yet, takes none', async () => {
    const { host, loads } = played();
    const { node } = host.access.config;
    host.nodes.set(node, { annotations: { [annotations.admitted]: '1' } });
    await expect(doStep(burnIn, of, host.deps)).rejects.toMatchObject({ code: 'HOST_TAKES_VMS' });
    expect(loads).toEqual([]);
    host.nodes.set(node, { unschedulable: true });
    await doStep(burnIn, of, host.deps);
    expect(loads).toHaveLength(3);
    // In service again: what was passed holds.
    host.nodes.set(node, { unschedulable: false });
    expect(await doStep(burnIn, of, host.deps)).toMatchObject({ changed: false });
  });

  it('is not begun beside VMs', async () => {
    const { host, system, loads } = played();
    system.vms = ['process 4711'];
    await expect(doStep(burnIn, of, host.deps)).rejects.toMatchObject({ code: 'HOST_HAS_VMS' });
    expect(loads).toEqual([]);
  });

  it('is undone: its report is gone, and a former one is back', async () => {
    const { host } = played();
    const run = await doStep(burnIn, of, host.deps);
    await burnIn.undo?.(of, run.before, host.deps, playedContext());
    expect(host.files.has(report)).toBe(false);
  });
});

describe('two readings of the counters', () => {
  it('are not compared where the first is missing; a fallen one is a reset, and one that is gone is a part that is gone', () => {
    expect(compareCounters({ a: 1, b: null, c: 5, d: 2 }, { a: 1, b: 0, c: 0, e: 1 })).toEqual({
      risen: ['c: 5 → 0, it was reset', 'd: 2 → no longer readable'],
      unread: ['b', 'e'],
    });
  });
});
