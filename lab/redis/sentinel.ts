import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GantryError } from '../../src/errors/index.ts';
import { until } from '../clock.ts';
import { freePort } from '../ports.ts';
import type { LabProcess } from '../process.ts';
import { startProcess } from '../process.ts';
import { restartable } from '../restartable.ts';
import type { RedisAddress, RedisLogin } from './client.ts';
import { withRedis } from './client.ts';
import type { RedisServer } from './server.ts';
import { redisServer } from './server.ts';
import type { LabTls } from '../tls.ts';
import { tlsDirectives } from '../tls.ts';

export type SentinelOptions = {
  stateDir: string;
  /** The name under which the Sentinels know the group; also names their processes and folders. */
  master: string;
  primary: RedisAddress;
  /** Default 3. */
  count?: number;
  /** Default 2. */
  quorum?: number;
  /** Default 2,000. */
  downAfterMs?: number;
  /** Default 10,000. */
  failoverTimeoutMs?: number;
  /** How often a Sentinel reads a node's INFO while nothing happens; 10,000 is its own. Shorter: tests wait less. */
  infoPeriodMs?: number;
  /** Replicas that every Sentinel has to know before it counts as ready; it reads them from the primary. Default 0. */
  replicas?: number;
  /** Of the group's nodes. */
  username?: string;
  password?: string;
  /** Of the Sentinels themselves; none when left out. */
  sentinelPassword?: string;
  /** Default `redis`. */
  server?: RedisServer;
  tls?: LabTls;
};

export type Sentinel = {
  /** `s1`, `s2`, … */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly confFile: string;
  isRunning(): boolean;
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
  /** Starts it again with what it wrote down. */
  restart(): Promise<void>;
};

export type Sentinels = {
  readonly master: string;
  readonly login: RedisLogin;
  readonly nodes: readonly Sentinel[];
  node(name: string): Sentinel;
  /** Whom each Sentinel that answers names as primary, as `host:port` by its name. */
  named(): Promise<Record<string, string>>;
  /** The config epoch that each Sentinel that answers has for the group, by its name. */
  configEpochs(): Promise<Record<string, number>>;
  stop(): Promise<void>;
};

/**
 * Starts Sentinels that watch one primary and waits until all agree on it, on each other and on its replicas. Their files
 * are their own: they write down what they learn.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED; nothing is left running then
 */
export async function startSentinels(options: SentinelOptions): Promise<Sentinels> {
  const { master, count = 3, sentinelPassword, tls } = options;
  const login: RedisLogin = {
    ...(sentinelPassword === undefined ? {} : { password: sentinelPassword }),
    ...(tls ? { tls } : {}),
  };
  const nodes: Sentinel[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.stop())));
  try {
    for (let number = 1; number <= count; number += 1) nodes.push(await startSentinel(options, `s${number}`, login));
    await Promise.all(nodes.map((node) => settled(node, options, login)));
  } catch (error) {
    await stop();
    throw error;
  }
  const ask = async <T>(question: (node: Sentinel) => Promise<T>): Promise<Record<string, T>> => {
    const answers = await Promise.allSettled(nodes.map(async (node) => [node.name, await question(node)] as const));
    return Object.fromEntries(answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])));
  };
  return {
    master,
    login,
    nodes,
    node: (name) => {
      const found = nodes.find((node) => node.name === name);
      if (!found) throw new GantryError('LAB_PART_FAILED', `there is no Sentinel ${name}`);
      return found;
    },
    named: () => ask(async (node) => addressOf(await masterState(node, master, login))),
    configEpochs: () => ask(async (node) => Number((await masterState(node, master, login))['config-epoch'])),
    stop,
  };
}

async function startSentinel(options: SentinelOptions, name: string, login: RedisLogin): Promise<Sentinel> {
  const host = options.primary.host;
  const port = await freePort(host);
  const processName = `${options.master}-${name}`;
  const dir = join(options.stateDir, 'sentinel', processName);
  const confFile = join(dir, 'sentinel.conf');
  mkdirSync(dir, { recursive: true });
  writeFileSync(confFile, configuration(options, { host, port }, dir), { mode: 0o600 });

  const start = async (): Promise<LabProcess> => {
    const { command, args } = await redisServer(options.server);
    return startProcess({
      stateDir: options.stateDir,
      name: processName,
      part: 'sentinel',
      command,
      args: [...args, confFile, '--sentinel'],
      cwd: dir,
      ports: [port],
      endpoints: { master: options.master, sentinel: name, host, port },
      ready: () =>
        withRedis({ host, port }, login, async (client) =>
          (await client.info('server')).includes(`config_file:${confFile}`),
        ),
    });
  };

  const part = restartable(start);
  await part.start();
  return {
    name,
    host,
    port,
    confFile,
    ...part,
  };
}

function configuration(options: SentinelOptions, at: RedisAddress, dir: string): string {
  const { master, primary, quorum = 2, downAfterMs = 2_000, failoverTimeoutMs = 10_000 } = options;
  const { username, password, sentinelPassword, tls } = options;
  const lines = [
    `bind ${at.host}`,
    ...(tls ? [`port 0`, `tls-port ${at.port}`, ...tlsDirectives(tls)] : [`port ${at.port}`]),
    `dir ${dir}`,
    'daemonize no',
    `sentinel monitor ${master} ${primary.host} ${primary.port} ${quorum}`,
    `sentinel down-after-milliseconds ${master} ${downAfterMs}`,
    `sentinel failover-timeout ${master} ${failoverTimeoutMs}`,
    `sentinel parallel-syncs ${master} 1`,
    ...(username === undefined ? [] : [`sentinel auth-user ${master} ${username}`]),
    ...(password === undefined ? [] : [`sentinel auth-pass ${master} ${password}`]),
    ...(sentinelPassword === undefined
      ? []
      : [`requirepass ${sentinelPassword}`, `sentinel sentinel-pass ${sentinelPassword}`]),
  ];
  return `${lines.join('\n')}\n`;
}

async function settled(node: Sentinel, options: SentinelOptions, login: RedisLogin): Promise<void> {
  const { master, primary, count = 3, replicas = 0 } = options;
  const wanted = `${primary.host}:${primary.port}`;
  const sound = await until(
    async () => {
      const state = await masterState(node, master, login);
      return (
        state['flags'] === 'master' &&
        addressOf(state) === wanted &&
        Number(state['num-other-sentinels']) === count - 1 &&
        Number(state['num-slaves']) >= replicas
      );
    },
    15_000,
    50,
  );
  if (sound && options.infoPeriodMs !== undefined) {
    const period = String(options.infoPeriodMs);
    await withRedis(node, login, (client) => client.call('SENTINEL', 'DEBUG', 'INFO-PERIOD', period));
  }
  if (!sound) throw new GantryError('LAB_PART_FAILED', `${node.name} did not find the group and the other Sentinels`);
}

async function masterState(node: RedisAddress, master: string, login: RedisLogin): Promise<Record<string, string>> {
  const answer = await withRedis(node, login, (client) => client.call('SENTINEL', 'MASTER', master));
  const words = Array.isArray(answer) ? answer.map(String) : [];
  return Object.fromEntries(words.flatMap((word, at) => (at % 2 ? [] : [[word, words[at + 1] ?? '']])));
}

function addressOf(state: Record<string, string>): string {
  return `${state['ip']}:${state['port']}`;
}
