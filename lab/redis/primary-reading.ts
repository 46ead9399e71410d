import { redisInfo, withRedis } from './client.ts';
import type { RedisRig } from './rig.ts';

/** What a guard would have read of a primary: the `lastReading` of a failover, for those who run none. */
export type PrimaryReading = {
  node: string;
  minReplicasToWrite: number;
  minReplicasMaxLagSeconds: number;
  replicas: string[];
  ageMs: number;
};

/** Asks the node while it can be asked; its replicas by their names in the group. */
export async function primaryReading({ group }: Pick<RedisRig, 'group'>, name: string): Promise<PrimaryReading> {
  const node = group.node(name);
  const setting = async (setting: string): Promise<number> =>
    withRedis(node, group.login, async (redis) => {
      const [, value] = await redis.config('GET', setting);
      return Number(value);
    });
  const listed = Object.entries(await redisInfo(node, group.login)).filter(([field]) => /^slave\d+$/.test(field));
  const replicas = listed.map(([, line]) => {
    const [, host, port] = /ip=([^,]+),port=(\d+)/.exec(line) ?? [];
    return group.nodes.find((one) => String(one.port) === port)?.name ?? `${host}:${port}`;
  });
  return {
    node: name,
    minReplicasToWrite: await setting('min-replicas-to-write'),
    minReplicasMaxLagSeconds: await setting('min-replicas-max-lag'),
    replicas,
    ageMs: 0,
  };
}
