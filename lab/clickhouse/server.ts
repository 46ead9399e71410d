import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClickHouseAddress } from './client.ts';
import { clickhouseCall } from './client.ts';
import type { ServerConfig, ShardConfig } from './config.ts';
import { remoteServersXml, serverXml, usersXml } from './config.ts';
import { freePort } from '../ports.ts';
import type { LabProcess } from '../process.ts';
import { startProcess } from '../process.ts';
import { restartable } from '../restartable.ts';
import { findClickHouseServer } from '../programs.ts';

export type ClickHouseServerOptions = {
  stateDir: string;
  /** `s1r1`. */
  name: string;
  shard: number;
  replica: number;
  cluster: string;
  zookeeper: { host: string; port: number };
  password?: string;
  /** Default: below the node's own folder. Somewhere small, to fill it. */
  dataDir?: string;
  /** 6,000 unless given; a replica that was killed is listed as active for so long. */
  sessionTimeoutMs?: number;
  profile?: Readonly<Record<string, string | number>>;
  mergeTree?: Readonly<Record<string, string | number>>;
  detached?: boolean;
};

export type ClickHouseServer = ClickHouseAddress & {
  readonly name: string;
  readonly shard: number;
  readonly replica: number;
  readonly tcpPort: number;
  readonly interserverPort: number;
  readonly dataDir: string;
  readonly user: string;
  isRunning(): boolean;
  start(): Promise<void>;
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
  /** Starts it again with its data. */
  restart(): Promise<void>;
  /** What this node believes the clusters to be; a running one takes it up within about 2 s. */
  declare(clusters: Readonly<Record<string, readonly ShardConfig[]>>): void;
};

/** One server of the cluster, not started yet: its ports have to be known to the others first. @throws LAB_PART_FAILED */
export async function clickhouseServer(options: ClickHouseServerOptions): Promise<ClickHouseServer> {
  const { stateDir, name, shard, replica, cluster, password } = options;
  const host = '127.0.0.1';
  const [tcpPort, httpPort, interserverPort] = [await freePort(), await freePort(), await freePort()];
  const dir = join(stateDir, 'clickhouse', `${cluster}-${name}`);
  const dataDir = options.dataDir ?? join(dir, 'data');
  for (const folder of [join(dir, 'config.d'), dataDir]) mkdirSync(folder, { recursive: true });
  const config: ServerConfig = {
    ...{ name, host, tcpPort, httpPort, interserverPort, dir, dataDir, zookeeper: options.zookeeper },
    macros: { cluster, shard: String(shard).padStart(2, '0'), replica: name },
    sessionTimeoutMs: options.sessionTimeoutMs ?? 6_000,
    profile: { background_pool_size: 4, background_schedule_pool_size: 4, max_threads: 2, ...options.profile },
    mergeTree: { ...quickReplication, ...options.mergeTree },
    ...(password === undefined ? {} : { password }),
  };
  writeFileSync(join(dir, 'config.xml'), serverXml(config), { mode: 0o600 });
  writeFileSync(join(dir, 'users.xml'), usersXml(config), { mode: 0o600 });
  const address: ClickHouseAddress = {
    host,
    httpPort,
    user: 'default',
    ...(password === undefined ? {} : { password }),
  };

  const start = async (): Promise<LabProcess> => {
    return startProcess({
      ...{ stateDir, name: `${cluster}-${name}`, part: 'clickhouse' },
      command: await findClickHouseServer(),
      args: [`--config-file=${join(dir, 'config.xml')}`],
      cwd: dir,
      ports: [httpPort, tcpPort, interserverPort],
      endpoints: { cluster, node: name, shard, replica, host, port: httpPort, tcpPort },
      ready: async () =>
        (await clickhouseCall(address, whoami, { timeoutMs: 2_000 })).trim() === name && (await ddlReady()),
      readyWithinMs: 60_000,
      ...(options.detached === undefined ? {} : { detached: options.detached }),
    });
  };
  // ON CLUSTER before the server's DDL worker has its ZooKeeper session is a null pointer: the server dies (18.16.1).
  const ddlReady = async (): Promise<boolean> =>
    (
      await clickhouseCall(
        address,
        `SELECT count() FROM system.zookeeper WHERE path = '/clickhouse/task_queue' AND name = 'ddl'`,
      )
    ).trim() === '1';
  // In whole seconds, as a server compares them: changed twice within one, or read half-written, a file would stay unnoticed.
  let declaredAt = 0;
  return {
    ...address,
    ...{ name, shard, replica, tcpPort, interserverPort, dataDir, user: 'default' },
    ...restartable(start),
    declare(clusters) {
      const file = join(dir, 'config.d', 'remote_servers.xml');
      writeFileSync(`${file}.new`, remoteServersXml(clusters, password), { mode: 0o600 });
      declaredAt = Math.max(Math.floor(Date.now() / 1_000), declaredAt + 1);
      utimesSync(`${file}.new`, declaredAt, declaredAt);
      renameSync(`${file}.new`, file);
    },
  };
}

const whoami = `SELECT substitution FROM system.macros WHERE macro = 'replica'`;

/** The replication queue's own sleeps, for a lab whose tests wait for them. */
const quickReplication: Readonly<Record<string, number>> = { zookeeper_session_expiration_check_period: 1 };
