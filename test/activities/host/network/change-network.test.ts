import { afterAll, beforeAll, expect, test } from 'vitest';
import { changeNetwork } from '../../../../activities/host/network/change-network.ts';
import { until } from '../../../../lab/clock.ts';
import { pairAddresses, pairNics } from '../../../../lab/host/pair.ts';
import type { HostPair } from '../../../support/host-pair.ts';
import { startPair } from '../../../support/host-pair.ts';
import { describeWith } from '../../../support/lab.ts';
import { doStep, playedContext } from '../../../support/played-host.ts';
import { formerNetwork, vanish } from './on-a-pair.ts';

/** Of one test: guests without acceleration, on cores that others use. */
const timeout = 1_200_000;

await describeWith(['host'], 'the network of a host', () => {
  let pair: HostPair;
  beforeAll(async () => void (pair = await startPair()), timeout);
  afterAll(async () => pair?.stop());

  const run1 = playedContext({ unit: 'host/LAB-HOST/run-1/8' });
  /** Long enough for arming and applying, on cores that others use. */
  const windowS = 5 * Number(process.env['GANTRY_PATIENCE'] ?? 12);
  const of = { serial: 'LAB-HOST', generation: 1 };

  test(
    'is the former one again, by the host alone, when the worker is gone before the commit',
    { timeout },
    async () => {
      const { host } = pair;
      const { folder, armed } = await vanish(pair, of, run1, { confirmWithin: `${windowS}s` });
      const over = async (): Promise<boolean> => (await host.run(`test -e ${folder}/ended`)).code === 0;
      expect(await until(over, 120_000, 500)).toBe(true);
      expect(await formerNetwork(host)).toBe(true);
      const tookS = Number(await host.ok(`cat ${folder}/ended_at`)) - armed;
      expect(tookS).toBeGreaterThanOrEqual(windowS);
      expect(await host.ok(`cat ${folder}/by`)).toBe('timer');
      expect(await host.ok('ls /etc/systemd/network | grep gantry; true')).toBe('');
      expect(await host.ok('ls /etc/systemd/system | grep gantry; true')).toBe('');
      expect(await host.ok('systemctl list-timers --all --no-legend "gantry-net-*"')).toBe('');
    },
  );

  test('becomes the bond of the platform file, committed, when the run goes on', { timeout }, async () => {
    const { host } = pair;
    const bond = { confirmWithin: '240s' };
    const { stands } = (await changeNetwork.probe(of, pair.deps(bond), run1)).observed;
    const { changed, summary } = await doStep(changeNetwork, { ...of, stands }, pair.deps(bond), run1);
    expect({ changed, summary }).toMatchObject({
      changed: true,
      summary: expect.stringContaining('802.3ad') as string,
    });
    const kernel = await host.ok('cat /proc/net/bonding/bond0');
    expect(kernel).toContain('LACP rate: fast');
    expect(kernel).toContain('Number of ports: 2');
    expect(await host.ok('cat /sys/class/net/bond0/mtu')).toBe('9000');
    expect(await host.ok('systemctl list-timers --all --no-legend "gantry-net-*"')).toBe('');
    expect(await host.ok('cat /var/lib/gantry/net/current')).toMatch(/^[0-9a-f]{32} \S+-2$/);
  });

  test('is left as it is by a second run', { timeout }, async () => {
    const bond = { confirmWithin: '240s' };
    const again = await doStep(changeNetwork, of, pair.deps(bond), playedContext({ unit: 'host/LAB-HOST/run-2/8' }));
    expect(again.changed).toBe(false);
    await changeNetwork.undo?.(of, again.before, pair.deps(bond), playedContext({ unit: 'host/LAB-HOST/run-2/8' }));
    expect(await pair.host.ok('cat /proc/net/bonding/bond0')).toContain('Number of ports: 2');
  });

  test('is the former one again when the run that changed it is undone', { timeout }, async () => {
    const { host } = pair;
    const bond = { confirmWithin: '240s' };
    const before = { cards: [...pairNics], addresses: [], defaultRoutes: [], stands: '' };
    await changeNetwork.undo?.(of, before, pair.deps(bond), run1);
    expect(await formerNetwork(host)).toBe(true);
    expect(await host.ok(`ip -o addr show dev ${pairNics[0]}`)).toContain(pairAddresses.host);
    expect(await host.ok('ls /var/lib/gantry/net/current 2>/dev/null; true')).toBe('');
  });
});
