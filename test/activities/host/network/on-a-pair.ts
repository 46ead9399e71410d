import { expect } from 'vitest';
import type { HostAccess } from '../../../../activities/host/index.ts';
import { changeNetwork } from '../../../../activities/host/network/change-network.ts';
import { until } from '../../../../lab/clock.ts';
import type { LabHost } from '../../../../lab/host/index.ts';
import { GantryError } from '../../../../src/errors/index.ts';
import type { StepContext } from '../../../../src/steps/index.ts';
import { pairAddresses, pairNics } from '../../../../lab/host/pair.ts';
import type { HostPair, PairBond, PairDeps } from '../../../support/host-pair.ts';

/** Whether the plain address is on its card again and there is no bond. */
export async function formerNetwork({ run }: LabHost): Promise<boolean> {
  const { stdout } = await run(`ip -o addr show dev ${pairNics[0]}; ls -d /sys/class/net/bond0`);
  return stdout.includes(pairAddresses.host) && !stdout.includes('bond0');
}

/**
 * The step up to the moment when its change is applied; from there on its worker does nothing any more. @returns the
 * window's folder, and when it was armed in seconds since the host's boot
 */
export async function vanish(
  pair: HostPair,
  of: { serial: string; generation: number },
  context: StepContext,
  bond: PairBond,
): Promise<{ folder: string; armed: number }> {
  const { host } = pair;
  const gone = new AbortController();
  const access = pair.access(bond);
  // Every look after the change would be over a fresh connection.
  const cutOff: HostAccess = {
    ...access,
    fresh: async () => {
      gone.abort(new Error('kill -9'));
      throw new GantryError('SSH_FAILED', 'the worker is gone');
    },
  };
  const deps: PairDeps = { ...pair.deps(bond), hosts: () => cutOff };
  const mine = { ...context, signal: gone.signal };
  const { observed } = await changeNetwork.probe(of, deps, context);
  const act = async (): Promise<void> =>
    changeNetwork.apply?.({ ...of, stands: observed.stands }, observed, deps, mine);
  await expect(act()).rejects.toThrow();
  const window = await host.ok('cat /var/lib/gantry/net/open');
  const folder = `/var/lib/gantry/net/${window}`;
  expect(await until(async () => (await host.run(`test -e ${folder}/applied`)).code === 0, 120_000, 500)).toBe(true);
  expect(await host.run('test -e /sys/class/net/bond0/bonding')).toMatchObject({ code: 0 });
  return { folder, armed: Number(await host.ok(`cat ${folder}/armed`)) };
}
