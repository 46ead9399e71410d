import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { GantryError } from '../../src/errors/index.ts';

const address = z.strictObject({ host: z.string().min(1), port: z.int().min(1).max(65_535) });
const claim = z.strictObject({ primary: address, epoch: z.int().nonnegative() });
const stored = z.record(z.string(), claim);

/** Where a group's primary is, and since which epoch. */
export type Discovered = { group: string; primary: { host: string; port: number }; epoch: number };

export type DiscoveryOptions = {
  /** Where what is known is kept; read at start when it is there. */
  file: string;
  /** Default: a free one. */
  port?: number;
  /** When given, a PUT needs `Authorization: Bearer <token>`. Reading is open. */
  token?: string;
};

export type RunningDiscovery = {
  url: string;
  port: number;
  /** Sets a group without asking about epochs: for setting a scene. */
  set(group: string, primary: { host: string; port: number }, epoch: number): void;
  get(group: string): Discovered | undefined;
  /** Takes connections and requests from now on, and answers none until `thaw`: what a stopped process looks like. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
};

/** The longest a reader may wait for news, so that a dead one doesn't hold its socket for ever. */
const maxWaitMs = 30_000;

/**
 * The lab's discovery: the config source that clients ask where a group's primary is.
 *
 * - `GET /redis/<group>` → `{ group, primary: { host, port }, epoch }`, or 404.
 * - `GET /redis/<group>?after=<epoch>&waitMs=<n>` answers as soon as the epoch is above `after`, or after `waitMs` with what is.
 * - `PUT /redis/<group>` `{ primary, epoch }`: a lower epoch than the stored one, or the same one with another primary,
 *   is refused with 409 and what is stored. The same again is 200.
 */
export async function startDiscovery(options: DiscoveryOptions): Promise<RunningDiscovery> {
  const groups = new Map(Object.entries(load(options.file)));
  const waiting = new Map<string, Set<() => void>>();

  const get = (group: string): Discovered | undefined => {
    const known = groups.get(group);
    return known && { group, ...known };
  };
  const set = (group: string, primary: { host: string; port: number }, epoch: number): void => {
    groups.set(group, { primary, epoch });
    // Kept before it is told: what a client has been told survives a restart.
    writeFileSync(`${options.file}.${process.pid}`, `${JSON.stringify(Object.fromEntries(groups), null, 2)}\n`);
    renameSync(`${options.file}.${process.pid}`, options.file);
    for (const wake of waiting.get(group) ?? []) wake();
  };

  const read = (group: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): void => {
    const after = Number(query.get('after') ?? -1);
    const waitMs = Math.min(Number(query.get('waitMs') ?? 0), maxWaitMs);
    const answer = (): void => {
      const known = get(group);
      reply(response, known ? 200 : 404, known ?? { error: `no group ${group}` });
    };
    const isNews = (): boolean => (get(group)?.epoch ?? -1) > after;
    if (!(waitMs > 0) || isNews()) return answer();

    const wakers = waiting.get(group) ?? new Set();
    waiting.set(group, wakers);
    const done = (): void => {
      clearTimeout(timer);
      wakers.delete(wake);
    };
    const wake = (): void => {
      if (!isNews()) return;
      done();
      answer();
    };
    const timer = setTimeout(() => {
      done();
      answer();
    }, waitMs);
    wakers.add(wake);
    response.once('close', done);
    request.resume();
  };

  const write = async (group: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    if (options.token !== undefined && request.headers.authorization !== `Bearer ${options.token}`) {
      return reply(response, 401, { error: 'a PUT needs the bearer token' });
    }
    const asked = claim.safeParse(body);
    if (!asked.success) return reply(response, 400, { error: z.prettifyError(asked.error) });
    const { primary, epoch } = asked.data;
    const known = get(group);
    const same = known?.primary.host === primary.host && known.primary.port === primary.port;
    if (known && (epoch < known.epoch || (epoch === known.epoch && !same))) {
      return reply(response, 409, { error: `epoch ${epoch} does not supersede ${known.epoch}`, ...known });
    }
    if (!known || epoch > known.epoch) set(group, primary, epoch);
    reply(response, 200, get(group));
  };

  let frozen: (() => void)[] | undefined;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (frozen) return void frozen.push(() => answer(request, response));
    const url = new URL(request.url ?? '/', 'http://discovery');
    const group = /^\/redis\/([\w.-]+)$/.exec(url.pathname)?.[1];
    if (group === undefined) return reply(response, 404, { error: 'only /redis/<group> is served' });
    if (request.method === 'GET') return read(group, url.searchParams, request, response);
    if (request.method === 'PUT') return void write(group, request, response).catch(() => response.destroy());
    reply(response, 405, { error: 'GET or PUT' });
  };
  const server = createServer(answer);
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new GantryError('LAB_PART_FAILED', 'discovery cannot listen', { cause })));
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    set,
    get,
    freeze: () => void (frozen ??= []),
    thaw() {
      const held = frozen ?? [];
      frozen = undefined;
      for (const request of held) request();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What was stored, or nothing yet. @throws GantryError LAB_PART_FAILED when the file is there and not ours */
function load(file: string): z.infer<typeof stored> {
  try {
    return stored.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new GantryError('LAB_PART_FAILED', `discovery cannot read ${file}`, { cause });
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
