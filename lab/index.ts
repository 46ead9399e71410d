import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { GantryError } from '../src/errors/index.ts';
import { startClickHouseCluster } from './clickhouse/clickhouse.ts';
import { startDiscoveryProcess } from './discovery/process.ts';
import { startHost } from './host/index.ts';
import { startKubernetes } from './kubernetes/index.ts';
import { writeLabPlatform } from './platform-file.ts';
import { handleOf } from './process.ts';
import { startRedisGroup } from './redis/redis.ts';
import type { ProcessRecord } from './state.ts';
import { isAlive, labStateDir, remembered } from './state.ts';
import { startTemporal } from './temporal/temporal.ts';

/** The parts that `gantry lab up` knows, in the order in which they start. */
export const labParts = ['temporal', 'discovery', 'redis', 'clickhouse', 'kubernetes', 'host'] as const;
export type LabPart = (typeof labParts)[number];

/** What comes up when no part is named. */
export const usualLabParts: readonly LabPart[] = ['temporal', 'discovery', 'redis'];

export type LabOptions = {
  /** Default: the usual ones to start, all to stop or to look at. */
  parts?: readonly LabPart[];
  /** Default `.gantry/lab` below the current folder. */
  stateDir?: string;
};

export type LabUpOptions = LabOptions & {
  /** Registered with Temporal at start. */
  searchAttributes?: NonNullable<Parameters<typeof startTemporal>[0]['searchAttributes']>;
  /** Of the Redis nodes; none when left out. */
  redisPassword?: string;
  /** Of the ClickHouse servers; none when left out. */
  clickhousePassword?: string;
  /** Needed for a PUT to discovery; anyone may when left out. */
  discoveryToken?: string;
};

/** One process of the lab: what it is, whether it runs, where it answers. */
export type LabProcessStatus = Pick<ProcessRecord, 'name' | 'part' | 'pid' | 'ports' | 'endpoints' | 'logFile'> & {
  running: boolean;
};

/** The group of `gantry lab up`, with two replicas. */
export const labRedisGroup = 'sessions';

/** The ClickHouse cluster of `gantry lab up clickhouse`: 2 shards of 2 replicas. */
export const labClickHouseCluster = 'metrics';

/**
 * Starts parts that outlive this process, each from an empty folder; one that runs in full is left as it is. When Redis and
 * discovery are both asked for, discovery knows the group at epoch 0.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED: the part that failed is not left running
 */
export async function labUp(options: LabUpOptions = {}): Promise<LabProcessStatus[]> {
  const stateDir = labStateDir(options.stateDir);
  const wanted = labParts.filter((part) => (options.parts ?? usualLabParts).includes(part));
  for (const part of wanted) {
    const status = labStatus({ parts: [part], stateDir });
    if (status.length > 0 && status.every((process) => process.running)) continue;
    await labDown({ parts: [part], stateDir });
    try {
      await start[part](stateDir, options);
    } catch (error) {
      await labDown({ parts: [part], stateDir });
      throw error;
    }
  }
  writePlatform(stateDir);
  return labStatus({ parts: wanted, stateDir });
}

/** Where `labUp` writes a platform file for the parts that run, so that Gantry can be pointed at them. */
export function labPlatformFile(stateDir?: string): string {
  return join(labStateDir(stateDir), 'platform.yaml');
}

function writePlatform(stateDir: string): void {
  const running = labStatus({ stateDir }).filter((process) => process.running);
  const discoveryUrl = running.find((process) => process.part === 'discovery')?.endpoints['url'];
  const nodes = running.filter((process) => process.part === 'redis').map(({ endpoints }) => endpoints);
  if (typeof discoveryUrl !== 'string' || nodes.length === 0) return;
  writeLabPlatform({
    stateDir,
    group: labRedisGroup,
    nodes: nodes.map((node) => ({
      name: String(node['node']),
      host: String(node['host']),
      port: Number(node['port']),
    })),
    discoveryUrl,
  });
}

/** Ends parts that `labUp`, or a run that was cut short, left under the state folder; by pid and start time, never by name. */
export async function labDown(options: LabOptions = {}): Promise<LabProcessStatus[]> {
  const stateDir = labStateDir(options.stateDir);
  const records = recordsOf(options);
  await Promise.all(records.map((record) => handleOf(stateDir, record).stop()));
  return records.map(statusOf);
}

/** What the lab remembers, and whether it still runs. */
export function labStatus(options: LabOptions = {}): LabProcessStatus[] {
  return recordsOf(options).map(statusOf);
}

const start: Record<LabPart, (stateDir: string, options: LabUpOptions) => Promise<void>> = {
  async temporal(stateDir, { searchAttributes }) {
    const dbFile = join(emptied(stateDir, 'temporal'), 'temporal.db');
    await startTemporal({
      stateDir,
      ui: true,
      dbFile,
      detached: true,
      ...(searchAttributes ? { searchAttributes } : {}),
    });
  },
  async discovery(stateDir, { discoveryToken: token }) {
    const file = join(emptied(stateDir, 'discovery'), 'discovery.json');
    await startDiscoveryProcess({ stateDir, file, detached: true, ...(token === undefined ? {} : { token }) });
    const primary = recordsOf({ stateDir, parts: ['redis'] }).find((record) => record.name === `${labRedisGroup}-r1`);
    const port = primary?.ports[0];
    if (primary && isAlive(primary) && port !== undefined) await announce(stateDir, port, token);
  },
  async redis(stateDir, { redisPassword: password, discoveryToken }) {
    emptied(stateDir, 'redis');
    const group = await startRedisGroup({
      ...{ stateDir, name: labRedisGroup, replicas: 2, detached: true },
      ...(password === undefined ? {} : { password }),
    });
    await announce(stateDir, group.node('r1').port, discoveryToken);
  },
  async clickhouse(stateDir, { clickhousePassword: password }) {
    emptied(stateDir, 'clickhouse');
    await startClickHouseCluster({
      ...{ stateDir, name: labClickHouseCluster, detached: true },
      ...(password === undefined ? {} : { password }),
    });
  },
  async kubernetes(stateDir) {
    emptied(stateDir, 'kubernetes');
    await startKubernetes({ stateDir, detached: true });
  },
  async host(stateDir) {
    emptied(stateDir, 'hosts');
    await startHost({ stateDir, detached: true });
  },
};

/** Tells discovery, when it runs, where a new group's primary is: one above what it knows of the group before. */
async function announce(stateDir: string, port: number, token: string | undefined): Promise<void> {
  const url = recordsOf({ stateDir, parts: ['discovery'] }).find(isAlive)?.endpoints['url'];
  if (typeof url !== 'string') return;
  const at = `${url}/redis/${labRedisGroup}`;
  const known = await fetch(at);
  const epoch = known.ok ? ((await known.json()) as { epoch: number }).epoch + 1 : 0;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const body = JSON.stringify({ primary: { host: '127.0.0.1', port }, epoch });
  const answer = await fetch(at, { method: 'PUT', headers, body });
  if (!answer.ok)
    throw new GantryError('LAB_PART_FAILED', `discovery refused ${labRedisGroup}: ${await answer.text()}`);
}

function recordsOf(options: LabOptions): ProcessRecord[] {
  const parts: readonly string[] | undefined = options.parts;
  return remembered(labStateDir(options.stateDir)).filter((record) => parts?.includes(record.part) ?? true);
}

function statusOf(record: ProcessRecord): LabProcessStatus {
  const { name, part, pid, ports, endpoints, logFile } = record;
  return { name, part, pid, ports, endpoints, logFile, running: isAlive(record) };
}

function emptied(stateDir: string, folder: string): string {
  rmSync(join(stateDir, folder), { recursive: true, force: true });
  return join(stateDir, folder);
}
