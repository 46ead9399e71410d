import { GantryError } from '../../../src/errors/index.ts';
import { wait } from '../../../src/steps/index.ts';
import type { HostAccess } from '../access/access.ts';
import { liveFindings, uplinksOf } from './judge.ts';
import type { NetworkState } from './read-network.ts';
import { readNetwork } from './read-network.ts';
import type { NetworkPlaces, NetworkSpec } from './spec.ts';
import type { WindowStatus } from './window-status.ts';
import type { Windows } from './window.ts';

/** How a look at a new network went. What each vantage proves is said in its own words. */
export type Confirmation =
  | { confirmed: true; vantages: { worker: string; host: string }; drills: readonly string[] }
  | { confirmed: false; findings: readonly string[] };

/** How a host's network is seen and changed: what a window needs of the host. */
export type Sight = {
  access: Pick<HostAccess, 'serial' | 'ssh' | 'fresh'>;
  places: NetworkPlaces;
  windows: Windows;
  signal: AbortSignal;
};

/** The same with what the platform file says of the host. */
export type HostSight = Sight & { access: HostAccess };

/** One fresh connection with its look. A guest without acceleration takes 3 to 11 s for a login. */
const freshMs = 30_000;
const everyMs = 1_000;
/** A card is down for as long as one look takes; a partner counts it in again within three LACP frames. */
const drillMs = 180_000;

/** Over a connection made for it. @throws SSH_FAILED and what `use` gives */
export function freshly<T>({ access }: Pick<Sight, 'access'>, use: Parameters<HostAccess['fresh']>[0]): Promise<T> {
  return access.fresh(use, freshMs) as Promise<T>;
}

/**
 * Looks at an applied change until it is as the spec says, both ways and with each card down in turn, or until `withinMs` are
 * over or the window is. It commits nothing.
 */
export async function confirmChange(
  sight: Sight,
  spec: NetworkSpec,
  id: string,
  withinMs: number,
): Promise<Confirmation> {
  const seen = await looksRight(sight, spec, id, performance.now() + withinMs);
  if ('findings' in seen) return { confirmed: false, findings: seen.findings };
  const drills: string[] = [];
  for (const { name } of uplinksOf(spec, seen.state)) {
    const went = await drill(sight, spec, id, name);
    if (!went.well) return { confirmed: false, findings: [went.words] };
    drills.push(went.words);
  }
  // Once more as a whole: the last card that came back must be in the aggregator.
  const last = await looksRight(sight, spec, id, performance.now() + withinMs);
  if ('findings' in last) return { confirmed: false, findings: last.findings };
  return { confirmed: true, vantages: { worker: last.worker, host: last.host }, drills };
}

async function looksRight(
  sight: Sight,
  spec: NetworkSpec,
  id: string,
  deadline: number,
): Promise<{ findings: string[] } | { state: NetworkState; worker: string; host: string }> {
  let findings: string[] = ['the host was not looked at'];
  for (;;) {
    try {
      const look = await freshly<{ state: NetworkState; outward?: { answered: boolean; said: string } }>(
        sight,
        async (ssh) => {
          const state = await readNetwork(ssh, spec, sight.places, { signal: sight.signal });
          if (liveFindings(spec, state).length > 0 || spec.gateway === undefined) return { state };
          return { state, outward: await sight.windows.outward(ssh, id, { signal: sight.signal }) };
        },
      );
      const { state, outward } = look;
      if (state.window?.id !== id || state.window.decided === 'reverted' || state.window.reverting)
        return { findings: [...findings, 'the window is over'] };
      findings = liveFindings(spec, state);
      if (!state.window.applied) findings.unshift(state.window.failed ? failed(state.window) : 'it is not applied yet');
      if (state.window.failed) return { findings };
      if (outward?.answered === false) findings.push(unanswered(spec, outward.said));
      if (findings.length === 0) return { state, ...vantages(spec, state) };
    } catch (error) {
      if (sight.signal.aborted) throw error;
      if (!(error instanceof GantryError)) throw error;
      findings = [`over a fresh connection: ${error.message}`];
    }
    if (performance.now() >= deadline) return { findings };
    await wait(everyMs, sight.signal);
  }
}

function failed({ failed: what }: WindowStatus): string {
  return what === 'functions' ? 'the card refused its virtual functions' : `it could not be applied: ${what ?? ''}`;
}

function unanswered({ gateway, pingBytes, bond }: NetworkSpec, said: string): string {
  return `${gateway ?? ''} does not answer, in one piece, a ping of ${pingBytes} bytes (MTU ${bond.mtu}, not to be cut) through ${bond.name}: ${said.replaceAll('\n', '; ')}`;
}

function vantages(spec: NetworkSpec, { reachedAt }: NetworkState): { worker: string; host: string } {
  const { name, mtu } = spec.bond;
  const reached = (): string => {
    // sudo hides by which address the connection came in.
    if (!reachedAt) return 'a fresh connection reached the host; by which of its interfaces is not known';
    const at = `${reachedAt.address} on ${reachedAt.interface}`;
    if (reachedAt.interface === name) return `a fresh connection reached ${at}: the bond carries what comes in`;
    return `a fresh connection reached ${at}, which is not ${name}: the change left that way alone`;
  };
  return {
    worker: reached(),
    host:
      spec.gateway === undefined
        ? 'not looked outward: the platform file names no gateway'
        : `${spec.gateway} answered frames of ${mtu} bytes, not to be cut, through ${name}: it carries what goes out and what comes back`,
  };
}

/** Takes one card of the bond down, reaches the host over a new connection meanwhile, and sees the card come back. */
async function drill(
  sight: Sight,
  spec: NetworkSpec,
  id: string,
  card: string,
): Promise<{ well: boolean; words: string }> {
  const { windows, signal } = sight;
  const deadline = performance.now() + drillMs;
  let last = 'the drill did not begin';
  let started = false;
  for (;;) {
    try {
      if (!started) {
        await freshly(sight, (ssh) => windows.start(ssh, id, 'drill', card, { signal }));
        started = true;
      }
      const status = await freshly<WindowStatus>(sight, (ssh) => windows.status(ssh, id, { signal }));
      if (status.decided === 'reverted') return { well: false, words: `${card} taken down: the window is over` };
      last = status.drills[card] ?? last;
      // This connection is made while the card is down: that it is there is the proof.
      if (last === 'down') await freshly(sight, (ssh) => windows.seen(ssh, id, card, { signal }));
      if (last.startsWith('over ')) return judged(spec, card, last);
    } catch (error) {
      if (signal.aborted || !(error instanceof GantryError)) throw error;
      last = error.message;
    }
    if (performance.now() >= deadline) return { well: false, words: `${card} taken down: no end of it: ${last}` };
    await wait(everyMs / 2, signal);
  }
}

function judged({ bond, gateway }: NetworkSpec, card: string, said: string): { well: boolean; words: string } {
  const of = (what: string): string => new RegExp(`${what}=(\\S+)`).exec(said)?.[1] ?? '';
  const wrong = [
    ...(of('reached') === 'yes' ? [] : ['the host was not reached over a fresh connection']),
    ...(gateway === undefined || of('outward') === 'yes' ? [] : [`${gateway} did not answer through ${bond.name}`]),
    ...(of('back') === 'yes' ? [] : [`${card} did not come back into ${bond.name}`]),
  ];
  if (wrong.length > 0) return { well: false, words: `${card} taken down: ${wrong.join('; ')}` };
  const outward = gateway === undefined ? '' : `, ${gateway} answered`;
  return { well: true, words: `${card} taken down: the host was reached${outward}; it came back` };
}
