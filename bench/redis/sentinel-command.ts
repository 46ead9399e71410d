import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../../lab/clock.ts';
import { redisInfo, withRedis } from '../../lab/redis/client.ts';
import type { RedisRig } from '../../lab/redis/rig.ts';
import type { RedisNode } from '../../lab/redis/redis.ts';
import type { Sentinels } from '../../lab/redis/sentinel.ts';

const giveUpMs = 60_000;

/** The rig's Sentinels. @throws if it has none */
export function sentinelsOf({ sentinels }: RedisRig): Sentinels {
  if (sentinels) return sentinels;
  throw new Error('this rig has no Sentinels');
}

/**
 * What an operator's script does without Gantry: `SENTINEL FAILOVER`, wait until the Sentinel names the new primary, point
 * the discovery at it.
 */
export async function plainSentinelFailover(rig: RedisRig): Promise<void> {
  const sentinels = sentinelsOf(rig);
  const [sentinel] = sentinels.nodes;
  if (!sentinel) throw new Error('no Sentinels');
  await withRedis(sentinel, sentinels.login, async (client) => {
    const named = async (): Promise<string> =>
      ((await client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', sentinels.master)) as string[]).join(':');
    const before = await named();
    await client.call('SENTINEL', 'FAILOVER', sentinels.master);
    const deadline = Date.now() + giveUpMs;
    while ((await named()) === before) {
      if (Date.now() > deadline) throw new Error('the Sentinel did not switch');
      await pause(5);
    }
    const now = await named();
    const next = rig.group.nodes.find((node) => `${node.host}:${node.port}` === now);
    if (!next) throw new Error(`nobody is at ${now}`);
    const known = (await (await fetch(`${rig.discoveryUrl}/redis/${rig.groupName}`)).json()) as { epoch: number };
    const answer = await fetch(`${rig.discoveryUrl}/redis/${rig.groupName}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ primary: { host: next.host, port: next.port }, epoch: known.epoch + 1 }),
    });
    if (!answer.ok) throw new Error(`the discovery answered ${answer.status}`);
  });
}

/** Waits until one node is primary, all others are linked to it, and every Sentinel names it. Answers it. */
export async function settledUnderSentinel(rig: RedisRig): Promise<RedisNode> {
  const deadline = Date.now() + giveUpMs;
  for (;;) {
    // A Sentinel that changes a node's role kills the connections of all its clients: a look that was cut short is repeated.
    const infos = await Promise.all(
      rig.group.nodes.map((node) => redisInfo(node, rig.group.login).catch((): Record<string, string> => ({}))),
    );
    const primaries = rig.group.nodes.filter((_, index) => infos[index]?.['role'] === 'master');
    const [primary] = primaries;
    const isLinked = infos.every(
      (info) =>
        info['role'] === 'master' ||
        (info['master_link_status'] === 'up' && info['master_port'] === String(primary?.port)),
    );
    const named = Object.values(await sentinelsOf(rig).named());
    const isNamed = primary && named.every((one) => one === `${primary.host}:${primary.port}`);
    if (primary && primaries.length === 1 && isLinked && isNamed) return primary;
    if (Date.now() > deadline) throw new Error('the group did not settle');
    await pause(50);
  }
}

/** Watches the Sentinels: how long from the first that names another primary to the last, in milliseconds. */
export function watchAgreement(rig: RedisRig): { stop(): Promise<number | undefined> } {
  let agreeMs: number | undefined;
  const watch = async (): Promise<void> => {
    const before = Object.values(await sentinelsOf(rig).named())[0];
    let firstAt: number | undefined;
    for (const deadline = monotonicMs() + giveUpMs; monotonicMs() < deadline; await pause(10)) {
      const named = Object.values(await sentinelsOf(rig).named());
      const moved = named.filter((one) => one !== before).length;
      if (moved > 0) firstAt ??= monotonicMs();
      if (firstAt === undefined || moved < named.length) continue;
      agreeMs = monotonicMs() - firstAt;
      return;
    }
  };
  const watching = watch();
  return {
    async stop() {
      await watching;
      return agreeMs;
    },
  };
}

/** The highest config epoch that a Sentinel has: every election raises it. */
export async function configEpoch(rig: RedisRig): Promise<number> {
  return Math.max(...Object.values(await sentinelsOf(rig).configEpochs()));
}
