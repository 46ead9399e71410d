import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisRig, RedisRigOptions } from '../../lab/redis/rig.ts';
import { startRedisRig } from '../../lab/redis/rig.ts';
import { withRedis } from '../../lab/redis/client.ts';
import { loadPlatform } from '../../src/platform/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { Role, RunningWorkers } from '../../workers/all.ts';
import type { WorkerSettings } from '../../workers/context.ts';
import { startWorkers } from '../../workers/all.ts';
import type { TestServer } from './temporal.ts';

let queues = 0;

/** A Redis group, its discovery, and workers over them. */
export type SwitchoverRig = RedisRig & { taskQueue: string; workers: RunningWorkers };

/** Quick profiles, nobody to ask, a short soak: what tests want of a policy. */
export const quickPolicies = {
  default: {
    approval: { people: 0 },
    soak: { duration: '200ms', every: '100ms' },
    profiles: { quick: { startToClose: '20s', heartbeat: '2s', attempts: 2, firstRetry: '50ms', maxRetry: '100ms' } },
  },
};

/** Starts the rig; `stop` ends everything. */
export async function startSwitchoverRig(
  server: TestServer,
  options: Partial<RedisRigOptions> &
    Pick<WorkerSettings, 'wrapDriver'> & { env?: Record<string, string>; roles?: readonly Role[] } = {},
): Promise<SwitchoverRig> {
  const { env: overrides, roles = ['orchestration', 'redis', 'vantage'], wrapDriver, ...rigOptions } = options;
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-rig-'));
  const rig = await startRedisRig({ stateDir, discovery: 'here', policies: quickPolicies, ...rigOptions });
  const taskQueue = `rig-${process.pid}-${(queues += 1)}`;
  const { address } = server;
  const settings: WorkerSettings = {
    connection: { address, namespace: 'default', options: { address } },
    taskQueue,
    platform: loadPlatform(rig.platformFile),
    log: createLog('fatal'),
    env: { ...rig.env, ...overrides },
    ...(wrapDriver ? { wrapDriver } : {}),
  };
  const workers = await startWorkers(settings, roles);
  return {
    ...rig,
    taskQueue,
    workers,
    stop: async () => {
      await workers.stop();
      await rig.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/**
 * Everything of the group that a run could change, as one comparable value: roles, links, configuration in memory and on
 * disk, the epoch, and what the discovery says. Frozen and dead nodes are asked nothing.
 */
export async function portrait(rig: RedisRig): Promise<unknown> {
  const nodes: unknown[] = [];
  for (const node of rig.group.nodes) {
    const onDisk = readFileSync(node.confFile, 'utf8');
    if (!node.isRunning()) {
      nodes.push({ node: node.name, onDisk });
      continue;
    }
    const live = await withRedis(node, rig.group.password, async (redis) => ({
      role: ((await redis.call('ROLE')) as unknown[])[0],
      replicaof: await redis.config('GET', 'replicaof'),
      config: await redis.config('GET', '*'),
      epoch: await redis.get('gantry:epoch'),
      canary: await redis.get('gantry:canary'),
      links: /master_link_status:(\w+)/.exec(await redis.info('replication'))?.[1],
    }));
    nodes.push({ node: node.name, onDisk, ...live });
  }
  const answer = await fetch(`${rig.discoveryUrl}/redis/${rig.groupName}`);
  return { nodes, discovery: await answer.json() };
}
