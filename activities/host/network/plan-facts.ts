import type { NetworkFacts } from '../../../src/planning/host/index.ts';
import type { HostAccess } from '../access/access.ts';
import { isDone, specOf } from './change-network.ts';
import { networkStands, unfit, uplinksOf } from './judge.ts';
import { readNetwork } from './read-network.ts';
import { networkPlaces } from './spec.ts';

/**
 * Reads what the network's part of a plan rests on; undefined where the class bonds nothing.
 * @throws SSH_FAILED, HOST_NETWORK_REFUSED, HOST_NETWORK_UNFIT for words that no file can hold
 */
export async function networkFacts(access: HostAccess, signal: AbortSignal): Promise<NetworkFacts | undefined> {
  const { nics, bond } = access.class;
  if (!nics.bonded) return undefined;
  const spec = specOf(access);
  const state = await readNetwork(access.ssh, spec, networkPlaces, { signal });
  return {
    ...{ bond: bond.name, mode: bond.mode, confirmWithinMs: bond.confirmWithinMs },
    uplinks: uplinksOf(spec, state).map(({ name }) => name),
    ...(spec.address === undefined ? {} : { address: spec.address }),
    ...(spec.gateway === undefined ? {} : { gateway: spec.gateway }),
    stands: networkStands(spec, state),
    done: isDone(spec, state),
    misfits: unfit(spec, state, nics.gbps),
  };
}
