import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { GantryError } from '../../errors/index.ts';
import type { RedisConnectOptions } from './client.ts';
import { openClient } from './client.ts';
import { redisError } from './errors.ts';
import { parseInfo } from './info.ts';
import { epochOf } from './session.ts';
import type { Endpoint, RedisCredentials } from './types.ts';
import { epochKey, failoverKey, leaseKey, minReplicasKey, restoredKey, settledKey } from './types.ts';

/** A snapshot that is to become the whole dataset of a node. `body` is called for each attempt, and proves itself. */
export type LoadedSnapshot = {
  size: number;
  replid: string;
  body: () => AsyncIterable<Uint8Array>;
  /** Where it becomes production: the epoch and the notes that a snapshot brings along are those of the day of the backup. */
  renewed?: Renewed;
};

/** What becomes of a group's epoch and notes. */
export type Renewed = {
  /** The new epoch is above this one, and above the snapshot's. */
  above: number;
  /** Of the node as it stands: the snapshot's give way to these. */
  notes: NodeNotes;
};

/** Notes of Gantry's that are about the node, and not about what its clients keep there; null where there is none. */
export type NodeNotes = Readonly<Record<string, string | null>>;

export type Followed = Endpoint & { linkUp: boolean; replid: string };

/** A node that takes a snapshot over. */
export type SnapshotNode = {
  /** Keys of clients: without those that are Gantry's own. */
  keys: () => Promise<number>;
  epoch: () => Promise<number>;
  notes: () => Promise<NodeNotes>;
  /** Of which load its epoch is: that of `load` with `renewed`, or of `renew`. */
  renewedFor: () => Promise<string | undefined>;
  /** Gives a primary the epoch and the notes, where a load of `replid` ended before it did. */
  renew: (replid: string, renewed: Renewed) => Promise<void>;
  /** The history that its data came from, where it is a primary that was given one; it changes with the next role change. */
  loadedFrom: () => Promise<string | undefined>;
  /**
   * Has the node follow a primary that is this process and has the snapshot alone, and makes it a primary again: nothing is needed
   * of its host, and the node checks the snapshot's own checksum. What it held before is gone. `renewed` reaches it as a write of that
   * primary, so that it has its new epoch before it takes the first write of anyone.
   * @throws ARCHIVE_REDIS_SNAPSHOT_BROKEN
   */
  load: (snapshot: LoadedSnapshot) => Promise<void>;
  flush: () => Promise<void>;
  /** Makes it a primary that a load which was cut off left as a replica. */
  release: () => Promise<void>;
  isPrimary: () => Promise<boolean>;
  /**
   * Whom it follows, and the history of what it holds; nothing where it is a primary. A process that was killed or frozen while it gave a
   * snapshot leaves a node that follows it, with the data from before or with the snapshot.
   */
  follows: () => Promise<Followed | undefined>;
  close: () => void;
};

export type SnapshotNodeOptions = RedisConnectOptions & {
  signal?: AbortSignal;
  /** Called right before each command that changes something. */
  beforeChange?: () => void;
  /** How long the node may take from the beginning of the transfer to its end. An hour unless given. Milliseconds. */
  loadMs?: number;
};

const lookEveryMs = 100;
/** From the order to follow until the node asks for the snapshot. */
const beginMs = 60_000;

/** @throws what connecting gives */
export async function openSnapshotNode(
  endpoint: Endpoint,
  credentials: RedisCredentials = {},
  { signal, beforeChange, loadMs = 3_600_000, ...options }: SnapshotNodeOptions = {},
): Promise<SnapshotNode> {
  const client = await openClient(endpoint, credentials, options);
  const call = async (command: string, ...args: (string | number)[]): Promise<unknown> => {
    try {
      return await client.call(command, ...args);
    } catch (error) {
      throw redisError(error, endpoint, command, credentials.password);
    }
  };
  const change = (command: string, ...args: (string | number)[]): Promise<unknown> => {
    signal?.throwIfAborted();
    beforeChange?.();
    return call(command, ...args);
  };
  const replication = async (): Promise<Record<string, string>> => parseInfo(String(await call('INFO', 'replication')));
  /** Of every database; Gantry's own are in the first. */
  const keys = async (): Promise<number> => {
    const fields = parseInfo(String(await call('INFO', 'keyspace')));
    const all = Object.values(fields).reduce((sum, value) => sum + Number(/keys=(\d+)/.exec(value)?.[1] ?? 0), 0);
    return all - Number(await call('EXISTS', ...ownKeys));
  };
  const get = async (key: string): Promise<string | undefined> => (await call('GET', key))?.toString();
  const epoch = async (): Promise<number> => epochOf((await get(epochKey)) ?? null, endpoint);
  return {
    ...{ keys, epoch },
    notes: async () => {
      const notes: Record<string, string | null> = {};
      for (const key of nodeNotes) notes[key] = (await get(key)) ?? null;
      return notes;
    },
    renewedFor: () => get(restoredKey),
    renew: async (replid, renewed) => {
      // The mark is last: what is cut off before it is done again.
      for (const [command = '', ...args] of renewal(replid, renewed, await epoch())) await change(command, ...args);
    },
    loadedFrom: async () => {
      const { role, master_replid2: former } = await replication();
      return role === 'master' && former !== undefined && !/^0+$/.test(former) ? former : undefined;
    },
    isPrimary: async () => (await replication())['role'] === 'master',
    follows: async () => {
      const seen = await replication();
      const { master_host: host = '', master_port: port, master_link_status: link, master_replid: replid = '' } = seen;
      return seen['role'] === 'slave' ? { host, port: Number(port), linkUp: link === 'up', replid } : undefined;
    },
    flush: async () => void (await change('FLUSHALL')),
    release: async () => void (await change('REPLICAOF', 'NO', 'ONE')),
    load: async (snapshot) => {
      const source = await serveOnce(endpoint, snapshot);
      const { replid, renewed } = snapshot;
      try {
        await change('REPLICAOF', source.host, source.port);
        await within(source.asked, beginMs, signal, () => source.failed());
        const until = Date.now() + loadMs;
        for (;;) {
          signal?.throwIfAborted();
          // One that was frozen must not make it a primary when another one has begun again.
          beforeChange?.();
          const failure = source.failed();
          if (failure) throw failure instanceof Error ? failure : broken('the transfer failed');
          const seen: Record<string, string> = await replication().catch(() => ({}));
          // Another process has the attempt, and gives the snapshot itself.
          if (seen['role'] !== undefined && !isFollowing(seen, source))
            throw broken(`${endpoint.host}:${endpoint.port} was told to follow another node`);
          if (seen['master_link_status'] === 'up' && source.sent()) {
            if (!renewed || (await get(restoredKey).catch(() => undefined)) === replid) break;
            const present = await epoch().catch(() => undefined);
            if (present !== undefined) source.write(renewal(replid, renewed, present));
          }
          if (Date.now() > until) throw broken(`${endpoint.host}:${endpoint.port} did not load it within ${loadMs} ms`);
          await pause(lookEveryMs, undefined, signal ? { signal } : {});
        }
      } finally {
        // Not left as a replica of a process that is about to go: it would refuse writes, and ask for ever. But for another one to
        // whom it belongs by now; and where it has the snapshot with the epoch of its day, it is to refuse writes: the next attempt, which
        // finds it so, gives it its epoch.
        const seen: Record<string, string> = await replication().catch(() => ({}));
        const isRenewed = async (): Promise<boolean> =>
          (await get(restoredKey).catch(() => undefined)) === replid || seen['master_replid'] !== replid;
        if (isAllowed(beforeChange) && isFollowing(seen, source) && (!renewed || (await isRenewed())))
          await call('REPLICAOF', 'NO', 'ONE').catch(() => undefined);
        source.close();
      }
      const { role } = await replication();
      if (role !== 'master') throw broken(`${endpoint.host}:${endpoint.port} is still a replica`);
    },
    close: () => client.disconnect(),
  };
}

function isAllowed(beforeChange: (() => void) | undefined): boolean {
  try {
    beforeChange?.();
    return true;
  } catch {
    return false;
  }
}

function isFollowing({ role, master_port: port }: Record<string, string>, source: Endpoint): boolean {
  return role === 'slave' && port === String(source.port);
}

/** Those that speak of the node, and what is older than the load: a handover that was settled, a lease. */
const nodeNotes = [failoverKey, minReplicasKey] as const;
const stale = [settledKey, leaseKey] as const;
const ownKeys = [epochKey, restoredKey, ...nodeNotes, ...stale] as const;

/** The commands that give a dataset its place in the group. The same again changes nothing but the epoch, which only grows. */
function renewal(replid: string, { above, notes }: Renewed, present: number): string[][] {
  const kept = nodeNotes.map((key) => {
    const value = notes[key];
    return typeof value === 'string' ? ['SET', key, value] : ['DEL', key];
  });
  return [['DEL', ...stale], ...kept, ['MSET', epochKey, String(Math.max(present, above) + 1), restoredKey, replid]];
}

type Source = Endpoint & {
  asked: Promise<void>;
  sent: () => boolean;
  failed: () => unknown;
  /** Commands of the primary after its snapshot, once after each: another call does nothing. */
  write: (commands: readonly (readonly string[])[]) => void;
  close: () => void;
};

/** Listens as a primary that has one snapshot and no stream after it, on the address that this machine has towards the node. */
async function serveOnce(to: Endpoint, snapshot: LoadedSnapshot): Promise<Source> {
  const { own, peer } = await addresses(to);
  const sockets = new Set<Socket>();
  let [wasSent, wasWritten, failure] = [false, false, undefined as unknown];
  let begin = (): void => undefined;
  const asked = new Promise<void>((resolve) => (begin = resolve));
  const server: Server = createServer((socket) => {
    // The rows of customers are for the node that was told to follow, and for no other client.
    if (socket.remoteAddress !== peer && peer !== own) return void socket.destroy();
    sockets.add(socket);
    socket.on('error', () => undefined);
    // A node that asks for it a second time gets what follows it a second time as well.
    void talk(socket, snapshot, begin, () => ([wasSent, wasWritten] = [true, false])).catch((error: unknown) => {
      failure ??= error;
      socket.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, own, resolve));
  const at = server.address();
  return {
    host: own,
    port: typeof at === 'object' && at ? at.port : 0,
    asked,
    sent: () => wasSent,
    failed: () => failure,
    write: (commands) => {
      if (wasWritten) return;
      wasWritten = true;
      const stream = [['SELECT', '0'], ...commands].map(asCommand).join('');
      for (const socket of sockets) socket.write(stream);
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** The replica's side of the handshake, command by command, and then the snapshot. */
async function talk(
  socket: Socket,
  { size, replid, body }: LoadedSnapshot,
  begin: () => void,
  sent: () => void,
): Promise<void> {
  let text = '';
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    text += chunk.toString('latin1');
    for (let next = command(text); next; next = command(text)) {
      text = next.rest;
      const [name = '', first = ''] = next.words;
      const verb = name.toUpperCase();
      if (verb === 'PING') socket.write('+PONG\r\n');
      else if (verb === 'REPLCONF' && first.toUpperCase() === 'ACK') continue;
      else if (verb === 'PSYNC' || verb === 'SYNC') {
        begin();
        if (verb === 'PSYNC') socket.write(`+FULLRESYNC ${replid} 0\r\n`);
        socket.write(`$${size}\r\n`);
        for await (const piece of body()) if (!socket.write(piece)) await drained(socket);
        sent();
      } else socket.write('+OK\r\n');
    }
  }
}

/** A command as it travels in the stream: an array of bulk strings. */
function asCommand(words: readonly string[]): string {
  const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${bulk.join('')}`;
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(broken('the node closed the connection'));
    socket.once('close', end).once('drain', () => {
      socket.off('close', end);
      resolve();
    });
  });
}

/** The first whole command of what came: an array of bulk strings, or a line. */
function command(text: string): { words: string[]; rest: string } | undefined {
  const lineEnd = text.indexOf('\r\n');
  if (lineEnd < 0) return undefined;
  if (!text.startsWith('*'))
    return { words: text.slice(0, lineEnd).split(' ').filter(Boolean), rest: text.slice(lineEnd + 2) };
  const words: string[] = [];
  let at = lineEnd + 2;
  for (let left = Number(text.slice(1, lineEnd)); left > 0; left -= 1) {
    const end = text.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const length = Number(text.slice(at + 1, end));
    if (text.length < end + 2 + length + 2) return undefined;
    words.push(text.slice(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
  return { words, rest: text.slice(at) };
}

/** The address of this machine as it goes to the node, and the node's. */
function addresses({ host, port }: Endpoint): Promise<{ own: string; peer: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 5_000 });
    socket.once('connect', () => {
      const { localAddress: own, remoteAddress: peer } = socket;
      socket.destroy();
      if (own === undefined || peer === undefined) reject(broken(`no way to ${host}:${port}`));
      else resolve({ own, peer });
    });
    socket.once('timeout', () => socket.destroy(new Error('timed out')));
    socket.once('error', (error) => reject(broken(`${host}:${port} cannot be reached: ${error.message}`)));
  });
}

async function within(
  what: Promise<void>,
  ms: number,
  signal: AbortSignal | undefined,
  failed: () => unknown,
): Promise<void> {
  const until = Date.now() + ms;
  let over = false;
  void what.then(() => (over = true));
  while (!over) {
    const failure = failed();
    if (failure) throw failure instanceof Error ? failure : broken('the transfer failed');
    if (Date.now() > until) throw broken(`the node did not ask for it within ${ms} ms`);
    await pause(20, undefined, signal ? { signal } : {});
  }
}

function broken(why: string): GantryError {
  return new GantryError('ARCHIVE_REDIS_SNAPSHOT_BROKEN', `the snapshot of Redis: ${why}`);
}
