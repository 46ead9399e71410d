import { GantryError } from '../../../src/errors/index.ts';
import type { HostStepInput } from '../../../src/runs/index.ts';
import type { Probe, StepContext, StepDefinition } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { HostAccess, HostDeps } from '../access/access.ts';
import type { HostSight } from './confirm.ts';
import { confirmChange } from './confirm.ts';
import { changeInWindow } from './in-window.ts';
import { filesMatch, liveFindings, networkStands, unfit, uplinksOf } from './judge.ts';
import type { NetworkState } from './read-network.ts';
import { readNetwork } from './read-network.ts';
import type { NetworkPlaces, NetworkSpec } from './spec.ts';
import { networkPlaces, networkSpec } from './spec.ts';
import { undoNetwork } from './undo-network.ts';
import type { Windows } from './window.ts';
import { windowsAt } from './window.ts';

type NetworkDeps = Pick<HostDeps, 'hosts' | 'log'>;

export type ChangeNetworkInput = HostStepInput & {
  /** What the plan saw (`networkStands`). Another network than that is another actor's change, and is not replaced. */
  stands?: string;
};

/** What a look at a host's network saw. */
export type SeenNetwork = {
  /** `<card> <what it belongs to>`. */
  cards: readonly string[];
  addresses: readonly string[];
  defaultRoutes: readonly string[];
  stands: string;
  bond?: NetworkState['bond'];
  /** The window of the network that is in force, if Gantry made it. */
  committed?: string;
};

/** After a boot the partners need a few frames to agree. Milliseconds. */
const agreeMs = 60_000;

/**
 * The uplinks of a host become a bond, by files of systemd-networkd and inside a dead-man window: what is not committed in time
 * the host reverts by itself. `netplan try` refuses to protect a bond. docs/host/network.md
 */
export function changeNetworkAt(
  places: NetworkPlaces,
  windows: Windows = windowsAt(places),
): StepDefinition<ChangeNetworkInput, SeenNetwork, NetworkDeps> {
  const sightOf = async (serial: string, deps: NetworkDeps, { signal }: StepContext): Promise<HostSight> => ({
    ...{ access: await deps.hosts(serial), places, windows, signal },
  });
  return defineStep<ChangeNetworkInput, SeenNetwork, NetworkDeps>({
    name: 'host.change-network',
    probe: async (input, deps, context) => {
      const { access, signal } = await sightOf(input.serial, deps, context);
      const spec = specOf(access);
      let state = await readNetwork(access.ssh, spec, places, { signal });
      const until = performance.now() + agreeMs;
      while (isDone(spec, state) && liveFindings(spec, state).length > 0 && performance.now() < until) {
        await wait(500, signal);
        state = await readNetwork(access.ssh, spec, places, { signal });
      }
      return judge(input, access, spec, state);
    },
    apply: async ({ serial, stands }, _seen, deps, context) => {
      const sight = await sightOf(serial, deps, context);
      const { access, signal } = sight;
      const spec = specOf(access);
      const read = (): Promise<NetworkState> => readNetwork(access.ssh, spec, places, { signal });
      const cards = uplinksOf(spec, await read()).map(({ name }) => name);
      const { id } = await changeInWindow(
        sight,
        {
          options: {
            ...{ unit: context.unit, bond: spec.bond.name, cards, spec },
            confirmWithinMs: spec.bond.confirmWithinMs,
          },
          filesDigest: async () => {
            const state = await read();
            // With a window open the network stands between two; the window knows what was there before.
            if (!state.window && stands !== undefined && networkStands(spec, state) !== stands) throw changed(serial);
            return state.filesDigest;
          },
          confirm: async (window, withinMs) => {
            const seen = await confirmChange(sight, spec, window, withinMs);
            deps.log.info({ serial, window, ...seen }, 'looked at the new network');
            return seen;
          },
        },
        context,
      );
      deps.log.info({ serial, window: id, bond: spec.bond.name }, 'network committed');
    },
    undo: async ({ serial }, before, deps, context) => {
      await undoNetwork(await sightOf(serial, deps, context), before, context);
    },
  });
}

export const changeNetwork = changeNetworkAt(networkPlaces);

/** @throws HOST_NETWORK_UNFIT */
export function specOf({ config, class: { bond } }: Pick<HostAccess, 'config' | 'class'>): NetworkSpec {
  return networkSpec(config, bond);
}

/** Whether the network in force is the one of the spec, and was committed as such. It may be degraded. */
export function isDone(spec: NetworkSpec, state: NetworkState): boolean {
  return state.committed?.digest === spec.digest && !state.window && filesMatch(spec, state);
}

function judge(
  { stands, serial }: ChangeNetworkInput,
  access: HostAccess,
  spec: NetworkSpec,
  state: NetworkState,
): Probe<SeenNetwork> {
  const { name, mode } = spec.bond;
  const seen = seenOf(spec, state);
  const findings = liveFindings(spec, state);
  if (isDone(spec, state)) {
    if (findings.length === 0) {
      // Each is noted with the bond that it belongs to.
      const cards = seen.cards.map((card) => card.split(' ')[0]).join(', ');
      return done(seen, `${name} (${mode}) over ${cards}, committed`);
    }
    return blocked('HOST_NETWORK_DEGRADED', seen, `${serial}: ${findings.join('; ')}`);
  }
  if (state.window) return todo(seen, `the window ${state.window.id} is open`, { begun: true });
  const misfits = unfit(spec, state, access.class.nics.gbps);
  if (misfits.length > 0) return blocked('HOST_NETWORK_UNFIT', seen, `${serial}: ${misfits.join('; ')}`);
  if (stands !== undefined && seen.stands !== stands)
    return blocked('HOST_NETWORK_CHANGED', seen, changed(serial).message);
  return todo(seen, findings.length > 0 ? findings.join('; ') : `${name} is there, and was not committed by Gantry`);
}

function changed(serial: string): GantryError {
  return new GantryError('HOST_NETWORK_CHANGED', `${serial}: its network is not the one that the plan saw`);
}

/** Small, and without what a file may hold: keys of a tunnel, for example. */
export function seenOf(spec: NetworkSpec, state: NetworkState): SeenNetwork {
  return {
    cards: uplinksOf(spec, state).map(({ name, master }) => (master ? `${name} ${master}` : name)),
    addresses: state.addresses.slice(0, 50),
    defaultRoutes: state.defaultRoutes.slice(0, 20),
    stands: networkStands(spec, state),
    ...(state.bond ? { bond: state.bond } : {}),
    ...(state.committed ? { committed: state.committed.window } : {}),
  };
}
