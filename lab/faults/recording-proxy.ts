import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { GantryError } from '../../src/errors/index.ts';
import type { Recorded } from './command-record.ts';
import { recordConnection } from './command-record.ts';
import type { Effect, Role } from './effects.ts';
import { effects } from './effects.ts';

export type RecordingProxyOptions = {
  /** The node's name in the record. */
  node: string;
  target: { host: string; port: number };
  listenPort?: number;
  /** The node's role when recording starts: whether `REPLICAOF NO ONE` changes anything depends on it. */
  role?: Role;
};

export type RecordingProxy = {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Every command so far that wasn't replication, oldest first. */
  record(): readonly Recorded[];
  /** What of it changed the node. */
  effects(): Effect[];
  /** Forgets what was recorded; the role given is the node's from here on. */
  clear(role?: Role): void;
  stop(): Promise<void>;
};

/**
 * A proxy in front of one Redis node that forwards bytes untouched and writes down who asked for what and how it was
 * answered: the ledger that says whether a retried step acted twice. A client's death does not end its upstream
 * connection before the node has read what was sent, so that a killed worker's last command still gets its answer recorded.
 * @throws GantryError LAB_PART_FAILED when it cannot listen
 */
export async function startRecordingProxy(options: RecordingProxyOptions): Promise<RecordingProxy> {
  const recorded: Recorded[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let role = options.role;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ ...options.target, allowHalfOpen: true, noDelay: true });
    connections += 1;
    const recorder = recordConnection(options.node, connections, recorded);
    client.on('data', (chunk: Buffer) => {
      upstream.write(chunk);
      recorder.fromClient(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      // Recorded first: whoever reads the answer may look at the record at once.
      recorder.fromNode(chunk);
      if (client.writable) client.write(chunk);
    });
    client.on('end', () => upstream.end());
    client.on('close', () => upstream.end());
    upstream.on('end', () => client.end());
    upstream.on('close', () => {
      recorder.closed();
      client.destroy();
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new GantryError('LAB_PART_FAILED', 'proxy cannot listen', { cause })));
    server.listen(options.listenPort ?? 0, '127.0.0.1', () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  return {
    host: '127.0.0.1',
    port,
    record: () => recorded,
    effects: () => effects(recorded, role),
    clear(next) {
      role = next ?? role;
      recorded.length = 0;
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
