import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { GantryError } from '../src/errors/index.ts';

// Below Linux's ephemeral range (32768 and up): a part that was killed finds its port free again when it restarts,
// because no outgoing connection can have been given it meanwhile.
const first = 20_000;
const last = 31_999;
const given = new Set<number>();

/**
 * A port of 127.0.0.1, or of another address of this machine, that nothing listens on and that this process was not given before. Picked at random, so that
 * labs started at the same time rarely meet.
 * @throws GantryError LAB_PART_FAILED when 200 tries found none.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(first, last + 1);
    if (given.has(port) || !(await isFree(port, host))) continue;
    given.add(port);
    return port;
  }
  throw new GantryError('LAB_PART_FAILED', `no free port between ${first} and ${last} after 200 tries`);
}

/** Whether a listener can be opened on this port of `host` now. */
export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
