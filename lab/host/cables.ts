import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { GantryError } from '../../src/errors/index.ts';

/** One end of a cable between two guests' network cards. */
export type CableEnd = { readonly own: string; readonly other: string };

/** What a unix socket's path may hold, less its terminating zero. unix(7) */
const pathBytes = 107;

/**
 * A cable between a card of one guest and a card of another, as a pair of datagram sockets: either guest may come first, die
 * and come again. A card whose other end is dead keeps its carrier, as behind a real switch; `unplug` takes that.
 */
export function makeCable(stateDir: string, name: string): readonly [CableEnd, CableEnd] {
  const [a, b] = [socketPath(stateDir, `${name}-a`), socketPath(stateDir, `${name}-b`)];
  return [
    { own: a, other: b },
    { own: b, other: a },
  ];
}

/** @throws GantryError LAB_PART_FAILED when the state folder lies too deep for a unix socket */
export function socketPath(stateDir: string, name: string): string {
  const dir = join(stateDir, 'sockets');
  const path = join(dir, name);
  if (Buffer.byteLength(path) > pathBytes) {
    throw new GantryError(
      'LAB_PART_FAILED',
      `${path} is too long for a socket: take a state folder with a shorter path`,
    );
  }
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return path;
}
