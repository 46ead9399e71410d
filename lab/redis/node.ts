import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GantryError } from '../../src/errors/index.ts';
import { freePort } from '../ports.ts';
import type { LabProcess } from '../process.ts';
import { startProcess } from '../process.ts';
import { restartable } from '../restartable.ts';
import type { RedisLogin } from './client.ts';
import { withRedis } from './client.ts';
import type { RedisServer } from './server.ts';
import { redisServer } from './server.ts';
import type { LabTls } from '../tls.ts';
import { tlsDirectives } from '../tls.ts';

export type RedisNodeOptions = {
  stateDir: string;
  /** `<group>-<name>` names the process, its folder and its log. */
  group: string;
  name: string;
  /** Makes it a replica. */
  replicaOf?: { host: string; port: number };
  /** Default: a free one. */
  port?: number;
  password?: string;
  /** A user of this name with the same password and every right; the nodes follow each other as it. */
  username?: string;
  /** Nothing but TLS, client certificates required. */
  tls?: LabTls;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default `redis`. */
  server?: RedisServer;
  minReplicasToWrite?: number;
  minReplicasMaxLagSeconds?: number;
  /** When the append-only file is synced; `no`: there is none, so a killed node comes back empty. Default `everysec`. */
  aof?: 'no' | 'everysec' | 'always';
  /** Any further directive; it wins over the lab's. */
  conf?: Readonly<Record<string, string>>;
  detached?: boolean;
};

export type RedisNode = {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Of the process that runs now; changes with `restart()`. */
  readonly pid: number;
  readonly confFile: string;
  readonly dir: string;
  isRunning(): boolean;
  /** SIGKILL: nothing is flushed, no goodbye. */
  kill(): Promise<void>;
  /** SIGSTOP: the kernel still accepts connections and bytes for it, and it answers nobody. */
  freeze(): void;
  thaw(): void;
  /** SIGTERM: an orderly shutdown. */
  stop(): Promise<void>;
  /** Starts it again, stopping it first if it runs, from the same file: its role is what the file says by now. */
  restart(): Promise<void>;
};

/**
 * Starts one Redis node with a configuration file and a folder of its own, and waits until it has loaded its data.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED
 */
export async function startRedisNode(options: RedisNodeOptions): Promise<RedisNode> {
  const host = options.host ?? '127.0.0.1';
  const port = options.port ?? (await freePort(host));
  const address = { host, port };
  const login = loginOf(options);
  const processName = `${options.group}-${options.name}`;
  const dir = join(options.stateDir, 'redis', processName);
  const confFile = join(dir, 'redis.conf');
  mkdirSync(dir, { recursive: true });
  writeFileSync(confFile, configuration(options, address, dir), { mode: 0o600 });

  const start = async (): Promise<LabProcess> => {
    const { command, args } = await redisServer(options.server);
    return startProcess({
      stateDir: options.stateDir,
      name: processName,
      part: 'redis',
      command,
      args: [...args, confFile],
      cwd: dir,
      ports: [port],
      endpoints: { group: options.group, node: options.name, host: address.host, port },
      ready: () => withRedis(address, login, (client) => isLoaded(client.info(), confFile)),
      ...(options.detached === undefined ? {} : { detached: options.detached }),
    });
  };

  const part = restartable(start);
  await part.start();
  return {
    name: options.name,
    ...address,
    confFile,
    dir,
    ...part,
    get pid() {
      return part.pid();
    },
  };
}

/** How the lab gets into a node that is started so. */
export function loginOf({
  username,
  password,
  tls,
}: Pick<RedisNodeOptions, 'username' | 'password' | 'tls'>): RedisLogin {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls } : {}),
  };
}

/** INFO is answered while data are still being loaded, and a port by whoever listens there: ask for both. */
async function isLoaded(info: Promise<string>, confFile: string): Promise<boolean> {
  const text = await info;
  return text.includes(`config_file:${confFile}`) && text.includes('\r\nloading:0');
}

function configuration(options: RedisNodeOptions, at: { host: string; port: number }, dir: string): string {
  const { aof = 'everysec', username, password, replicaOf, tls } = options;
  const directives: Record<string, string> = {
    bind: at.host,
    ...(tls ? { port: '0', 'tls-port': String(at.port) } : { port: String(at.port) }),
    dir,
    daemonize: 'no',
    save: '',
    appendonly: aof === 'no' ? 'no' : 'yes',
    ...(aof === 'no' ? {} : { appendfsync: aof }),
    // A replica that joins is served at once, and one that was away for a while catches up without a full copy.
    'repl-diskless-sync-delay': '0',
    'repl-backlog-size': '64mb',
    // Redis 7 lets a primary wait for its replicas on SIGTERM, 10 s by default: the lab stops them all at once.
    'shutdown-timeout': '0',
    ...(password === undefined ? {} : { requirepass: password, masterauth: password }),
    ...(username === undefined ? {} : { masteruser: username }),
    ...(options.minReplicasToWrite === undefined
      ? {}
      : { 'min-replicas-to-write': String(options.minReplicasToWrite) }),
    ...(options.minReplicasMaxLagSeconds === undefined
      ? {}
      : { 'min-replicas-max-lag': String(options.minReplicasMaxLagSeconds) }),
    ...options.conf,
  };
  const lines = Object.entries(directives).map(([name, value]) => `${name} ${quoted(value)}`);
  if (tls) lines.push(...tlsDirectives(tls));
  if (username !== undefined) lines.push(`user ${username} on ${password ? `>${password}` : 'nopass'} ~* &* +@all`);
  if (replicaOf) lines.push(`replicaof ${replicaOf.host} ${replicaOf.port}`);
  return `${lines.join('\n')}\n`;
}

/** Words go bare (a directive may take several), anything else in the double quotes that redis.conf and CONFIG REWRITE use. */
function quoted(value: string): string {
  if (/^[\w./:-]+( [\w./:-]+)*$/.test(value)) return value;
  if (/[\r\n\0]/.test(value)) {
    throw new GantryError('LAB_PART_FAILED', 'a Redis directive must not hold a line break');
  }
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
