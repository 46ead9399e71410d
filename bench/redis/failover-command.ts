import { setTimeout as pause } from 'node:timers/promises';
import { redisInfo, withRedis } from '../../lab/redis/client.ts';
import type { RedisRig } from '../../lab/redis/rig.ts';
import type { RedisNode } from '../../lab/redis/redis.ts';

const giveUpMs = 20_000;

/**
 * What an operator's script does without Gantry: `FAILOVER TO`, wait until the roles have changed, point the discovery
 * at the new primary, close the old one's clients.
 */
export async function plainFailover(rig: RedisRig): Promise<void> {
  const { password } = rig.group;
  const old = await livePrimary(rig);
  const next = rig.group.nodes.find((node) => node.name !== old.name);
  if (!next) throw new Error('a group of one cannot be handed over');
  const deadline = Date.now() + giveUpMs;
  await withRedis(old, password, async (redis) => {
    await redis.call('FAILOVER', 'TO', next.host, String(next.port), 'TIMEOUT', '5000');
    while (
      !/master_failover_state:no-failover/.test(await redis.info('replication')) ||
      (await roleOf(rig, next)) !== 'master'
    ) {
      if (Date.now() > deadline) throw new Error('FAILOVER did not end');
      await pause(1);
    }
    const epoch = Number((await redis.get('gantry:epoch')) ?? 0) + 1;
    await withRedis(next, password, (promoted) => promoted.set('gantry:epoch', String(epoch)));
    const answer = await fetch(`${rig.discoveryUrl}/redis/${rig.groupName}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ primary: { host: next.host, port: next.port }, epoch }),
    });
    if (!answer.ok) throw new Error(`the discovery answered ${answer.status}`);
    await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  });
  for (const node of rig.group.nodes) {
    if (node !== next) await withRedis(node, password, (redis) => redis.replicaof(next.host, next.port));
    await withRedis(node, password, (redis) => redis.config('REWRITE'));
  }
}

/** The node that is primary now. */
export async function livePrimary(rig: RedisRig): Promise<RedisNode> {
  for (const node of rig.group.nodes) if ((await roleOf(rig, node)) === 'master') return node;
  throw new Error('no node is primary');
}

/** Waits until every replica is linked and not behind by more than what is in flight. */
export async function settled(rig: RedisRig): Promise<void> {
  const deadline = Date.now() + giveUpMs;
  for (;;) {
    const primary = await livePrimary(rig);
    const replicas = rig.group.nodes.filter((node) => node !== primary);
    const infos = await Promise.all(replicas.map((node) => redisInfo(node, rig.group.password)));
    const linked = infos.every(
      (info) => info['master_link_status'] === 'up' && info['master_port'] === String(primary.port),
    );
    if (linked) return;
    if (Date.now() > deadline) throw new Error('the replicas did not link');
    await pause(50);
  }
}

async function roleOf(rig: RedisRig, node: RedisNode): Promise<string | undefined> {
  return (await redisInfo(node, rig.group.password))['role'];
}
