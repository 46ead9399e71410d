import { join } from 'node:path';
import type { RecordingProxy } from '../../../lab/faults/recording-proxy.ts';
import { startRecordingProxy } from '../../../lab/faults/recording-proxy.ts';
import { freePort } from '../../../lab/ports.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import { startRedisRig } from '../../../lab/redis/rig.ts';
import { linkUp } from '../../../lab/redis/redis.ts';
import type { Scene, Take } from '../scene.ts';
import { beginTake } from './take.ts';
import type { RedisScene } from './parts.ts';

const profile = { heartbeat: '1s', attempts: 30, firstRetry: '100ms', maxRetry: '300ms' };
const policies = {
  default: {
    approval: { people: 0 },
    soak: { duration: '300ms', every: '100ms' },
    profiles: { quick: profile, slow: profile, watched: profile },
  },
};

/** A kind of run on such a scene: how one begins, and what its platform file says besides. */
export type RedisRuns = {
  workflowType: string;
  begin: (scene: RedisScene) => Promise<Take>;
  settings?: (stateDir: string, group: string) => Record<string, unknown>;
};

const switchovers: RedisRuns = { workflowType: 'redisSwitchover', begin: beginTake };

/** A real group for many runs: the platform file, discovery and the nodes among themselves know the proxies only. */
export async function startRedisScene(stateDir: string, group: string, runs = switchovers): Promise<Scene> {
  const ports = new Map<string, number>();
  for (const name of ['r1', 'r2', 'r3']) ports.set(name, await freePort());
  const proxied = (name: string): { host: string; port: number } => ({ host: '127.0.0.1', port: ports.get(name) ?? 0 });
  const rig = await startRedisRig({
    discovery: 'here',
    stateDir,
    group,
    policies,
    settings: runs.settings?.(stateDir, group) ?? {},
    // An AOF rewrite by itself would get the next run refused (REDIS_PERSISTENCE_BUSY).
    redis: { conf: { 'auto-aof-rewrite-percentage': '0' } },
    addresses: ({ name }) => proxied(name),
  });
  const proxies = new Map<string, RecordingProxy>();
  const stop = async (): Promise<void> => {
    await rig.stop();
    for (const proxy of proxies.values()) await proxy.stop();
  };
  try {
    for (const node of rig.group.nodes) {
      proxies.set(
        node.name,
        await startRecordingProxy({ node: node.name, target: node, listenPort: proxied(node.name).port }),
      );
    }
    const { host, port } = proxied('r1');
    for (const node of rig.group.nodes.slice(1)) {
      await withRedis(node, rig.group.password, async (client) => {
        await client.replicaof(host, port);
        await client.config('REWRITE');
      });
      await linkUp(node, rig.group.password);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    workflowType: runs.workflowType,
    platformFile: rig.platformFile,
    env: { ...rig.env, GANTRY_STATE_DIR: join(stateDir, 'workers') },
    begin: () => runs.begin({ rig, proxies }),
    stop,
  };
}
