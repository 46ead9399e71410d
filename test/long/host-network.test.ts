import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { changeNetwork } from '../../activities/host/network/change-network.ts';
import { until } from '../../lab/clock.ts';
import { hostIsBack } from '../../lab/host/index.ts';
import { pairNics } from '../../lab/host/pair.ts';
import { formerNetwork, vanish } from '../activities/host/network/on-a-pair.ts';
import type { HostPair } from '../support/host-pair.ts';
import { startPair } from '../support/host-pair.ts';
import { describeWith } from '../support/lab.ts';
import { doStep, playedContext } from '../support/played-host.ts';

/** Of one test: guests without acceleration, on cores that others use. */
const timeout = 1_800_000;

await describeWith(['host'], 'a change of the network that cannot be confirmed', () => {
  let pair: HostPair;
  let runs = 0;
  beforeAll(async () => void (pair = await startPair()), timeout);
  afterAll(async () => pair?.stop());
  afterEach(async () => {
    for (const nic of pairNics) for (const one of [pair.host, pair.partner]) await one.setLink(nic, 'up');
  });

  const of = { serial: 'LAB-HOST', generation: 1 };
  const nextRun = () => playedContext({ unit: `host/LAB-HOST/run-${(runs += 1)}/8` });
  const over = async (folder: string): Promise<boolean> => (await pair.host.run(`test -e ${folder}/ended`)).code === 0;

  test('is reverted when the links are gone for good', { timeout }, async () => {
    const bond = { confirmWithin: '60s' };
    const context = nextRun();
    const { folder } = await vanish(pair, of, context, bond);
    for (const nic of pairNics) for (const one of [pair.host, pair.partner]) await one.setLink(nic, 'down');
    expect(await until(() => over(folder), 120_000, 500)).toBe(true);
    expect((await pair.host.run(`test -e ${folder}/rebooted`)).code).not.toBe(0);
    // The attempt that follows says what is in the way, and opens no window.
    await expect(doStep(changeNetwork, of, pair.deps(bond), context)).rejects.toMatchObject({
      code: 'HOST_NETWORK_UNFIT',
    });
    // The address comes with the carrier.
    for (const nic of pairNics) for (const one of [pair.host, pair.partner]) await one.setLink(nic, 'up');
    expect(await until(() => formerNetwork(pair.host), 120_000, 500)).toBe(true);
  });

  test('is gone after a power cut, and the next attempt begins again', { timeout }, async () => {
    const bond = { confirmWithin: '300s' };
    const { folder } = await vanish(pair, of, nextRun(), bond);
    await pair.host.powerCut();
    await pair.host.powerOn();
    expect(await hostIsBack(pair.host)).toBe(true);
    expect(await over(folder)).toBe(true);
    expect(await pair.host.ok(`cat ${folder}/by`)).toBe('boot');
    expect(await formerNetwork(pair.host)).toBe(true);
  });

  test('is reverted, with what was not seen, when the partner does not speak LACP', { timeout }, async () => {
    await pair.partnerBecomes({ mode: 'none' });
    const step = doStep(changeNetwork, of, pair.deps({ confirmWithin: '120s' }), nextRun());
    await expect(step).rejects.toMatchObject({
      code: 'HOST_NETWORK_NOT_CONFIRMED',
      message: expect.stringContaining('does not speak LACP') as string,
    });
    expect(await formerNetwork(pair.host)).toBe(true);
  });

  test('is reverted, with what was not seen, when the partner has another MTU', { timeout }, async () => {
    await pair.partnerBecomes({ mtu: 1_500 });
    const step = doStep(changeNetwork, of, pair.deps({ confirmWithin: '120s' }), nextRun());
    await expect(step).rejects.toMatchObject({
      code: 'HOST_NETWORK_NOT_CONFIRMED',
      message: expect.stringContaining('MTU 9000') as string,
    });
    expect(await formerNetwork(pair.host)).toBe(true);
  });

  test('is confirmed with active-backup, where no partner needs to speak LACP', { timeout }, async () => {
    await pair.partnerBecomes({ mode: 'none' });
    const bond = { mode: 'active-backup' as const, confirmWithin: '300s' };
    const { summary } = await doStep(changeNetwork, of, pair.deps(bond), nextRun());
    expect(summary).toContain('active-backup');
    // After a power cut it is what was committed.
    await pair.host.powerCut();
    await pair.host.powerOn();
    expect(await hostIsBack(pair.host)).toBe(true);
    expect(await pair.host.ok('cat /proc/net/bonding/bond0')).toContain('fault-tolerance (active-backup)');
  });
});
