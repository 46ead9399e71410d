import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../lab/clock.ts';
import type { LabHost } from '../../lab/host/index.ts';
import { makeCable, nicName, startHost } from '../../lab/host/index.ts';
import { bondNetworks } from '../../lab/host/networks.ts';
import { describeWith } from '../support/lab.ts';

const timeout = 1_200_000;
const nics = [nicName(0), nicName(1)];

await describeWith(['host'], 'two hosts of the lab, card to card', () => {
  let stateDir: string;
  let host: LabHost;
  let partner: LabHost;
  const bond = (guest: LabHost): Promise<string> => guest.ok('cat /proc/net/bonding/bond0');
  /** Members of the aggregator in use, by what the guest says. */
  const ports = async (guest: LabHost): Promise<number> =>
    Number(/Number of ports: (\d+)/.exec(await bond(guest))?.[1] ?? 0);
  const answers = async (): Promise<boolean> => (await host.run('ping -c 1 -W 1 10.10.0.2')).code === 0;

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
    const cables = [makeCable(stateDir, 'one'), makeCable(stateDir, 'two')];
    const start = (name: string, end: 0 | 1): Promise<LabHost> =>
      startHost({
        ...{ stateDir, name, nics: cables.map((cable) => ({ cable: cable[end] })) },
        networks: bondNetworks({ address: `10.10.0.${end + 1}/24`, nics }),
      });
    [host, partner] = await Promise.all([start('host', 0), start('partner', 1)]);
  }, timeout);
  afterAll(async () => {
    await Promise.all([host?.stop(), partner?.stop()]);
    rmSync(stateDir, { recursive: true, force: true });
  });

  test('have machine ids and addresses of their own', async () => {
    const identity = 'cat /etc/machine-id /sys/class/net/bond0/address';
    const [one, other] = [(await host.ok(identity)).split('\n'), (await partner.ok(identity)).split('\n')];
    expect(one[0]).not.toBe(other[0]);
    expect(one[1]).not.toBe(other[1]);
  });

  test('agree on LACP over both cables, and whole frames of 9000 bytes pass', { timeout }, async () => {
    expect(await until(async () => (await ports(host)) === 2 && (await ports(partner)) === 2, 300_000, 500)).toBe(true);
    expect(await bond(host)).not.toContain('Partner Mac Address: 00:00:00:00:00:00');
    expect(await until(answers, 120_000, 500)).toBe(true);
    expect(await host.ok('ping -c 2 -W 20 -M do -s 8972 10.10.0.2')).toContain(' 0% packet loss');
  });

  test(
    'go on over one cable when the other is cut at both ends, and use both when it is back',
    { timeout },
    async () => {
      const [one] = nics as [string, string];
      const cut = async (carrier: 'up' | 'down'): Promise<void> => {
        await Promise.all([host.setLink(one, carrier), partner.setLink(one, carrier)]);
      };
      await cut('down');
      expect(await until(async () => (await ports(host)) === 1 && (await ports(partner)) === 1, 300_000, 500)).toBe(
        true,
      );
      expect(await until(answers, 120_000, 500)).toBe(true);
      await cut('up');
      expect(await until(async () => (await ports(host)) === 2 && (await ports(partner)) === 2, 300_000, 500)).toBe(
        true,
      );
    },
  );

  test('find each other again when the power of one was cut', { timeout }, async () => {
    await partner.powerCut();
    await partner.powerOn();
    expect(await until(async () => (await ports(host)) === 2, 300_000, 500)).toBe(true);
    expect(await until(answers, 120_000, 500)).toBe(true);
  });
});
