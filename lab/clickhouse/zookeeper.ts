import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../ports.ts';
import type { LabProcess } from '../process.ts';
import { startProcess } from '../process.ts';
import { restartable } from '../restartable.ts';
import { findZooKeeper } from '../programs.ts';

export type ZooKeeperOptions = {
  stateDir: string;
  /** Names the process and the folder. Default `zookeeper`. */
  name?: string;
  detached?: boolean;
};

export type ZooKeeper = {
  readonly host: string;
  readonly port: number;
  isRunning(): boolean;
  kill(): Promise<void>;
  /** Frozen for longer than a session lasts, it ends the sessions of all its clients once thawed. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
  /** Starts it again with what it wrote down. */
  restart(): Promise<void>;
};

/**
 * One ZooKeeper server, enough for a lab whose subject isn't ZooKeeper; about 90 MB resident.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED
 */
export async function startZooKeeper(options: ZooKeeperOptions): Promise<ZooKeeper> {
  const { stateDir, name = 'zookeeper', detached } = options;
  const host = '127.0.0.1';
  const port = await freePort(host);
  const dir = join(stateDir, 'clickhouse', name);
  const confFile = join(dir, 'zoo.cfg');
  mkdirSync(join(dir, 'data'), { recursive: true });
  writeFileSync(confFile, configuration(join(dir, 'data'), { host, port }));

  const start = async (): Promise<LabProcess> => {
    const { java, classPath } = await findZooKeeper();
    return startProcess({
      ...{ stateDir, name, part: 'clickhouse' },
      command: java,
      args: [
        ...['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
        ...['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', classPath],
        ...['org.apache.zookeeper.server.ZooKeeperServerMain', confFile],
      ],
      cwd: dir,
      ports: [port],
      endpoints: { host, port },
      // It says imok to `ruok` before it takes sessions, and a ClickHouse 18.16 that finds none then can die of it.
      ready: async () => (await fourLetters(host, port, 'mntr')).includes('zk_server_state'),
      ...(detached === undefined ? {} : { detached }),
    });
  };
  const part = restartable(start);
  await part.start();
  return {
    host,
    port,
    ...part,
  };
}

/** A session lasts between 2 and 20 ticks: 1 to 10 s. Snapshots and logs are not synced to disk: no crash of the machine is tried here. */
function configuration(dataDir: string, at: { host: string; port: number }): string {
  const lines = {
    dataDir,
    clientPort: at.port,
    clientPortAddress: at.host,
    tickTime: 500,
    maxClientCnxns: 0,
    'admin.enableServer': false,
    '4lw.commands.whitelist': 'mntr',
    'autopurge.purgeInterval': 0,
    preAllocSize: 1024,
    forceSync: 'no',
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** ZooKeeper's own health question: four letters over TCP. */
function fourLetters(host: string, port: number, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 2_000 }, () => socket.end(word));
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => (answer += text));
    socket.once('close', () => resolve(answer));
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(new Error('timed out')));
  });
}
