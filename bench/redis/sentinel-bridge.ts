import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis } from '../../lab/redis/client.ts';
import type { RedisRig } from '../../lab/redis/rig.ts';
import type { RedisNode } from '../../lab/redis/redis.ts';
import { startSentinels } from '../../lab/redis/sentinel.ts';
import { livePrimary } from './failover-command.ts';

const everyMs = 10;
const giveUpMs = 60_000;

/**
 * Three Sentinels over a rig's group, and what a platform that lives with them has: something that tells the discovery
 * whom they name. It asks one of them every 10 ms, so that the clients lose no more time than by asking themselves.
 */
export async function bridgeSentinels(
  rig: RedisRig,
  stateDir: string,
  downAfterMs: number,
): Promise<{ switched: (dead: RedisNode) => Promise<void>; stop: () => Promise<void> }> {
  const { password } = rig.group;
  const primary = await livePrimary(rig);
  const sentinels = await startSentinels({
    stateDir,
    master: rig.groupName,
    primary,
    downAfterMs,
    replicas: rig.group.nodes.length - 1,
    ...(password === undefined ? {} : { password }),
  });
  const [first] = sentinels.nodes;
  if (!first) throw new Error('no Sentinel was started');
  const asked = await connectRedis(first, sentinels.login);
  let port = primary.port;
  let epoch = 0;
  let stopped = false;
  const follow = async (): Promise<void> => {
    while (!stopped) {
      const answer = (await asked.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', rig.groupName)) as string[];
      const named = Number(answer[1]);
      if (named !== port) {
        port = named;
        epoch += 1;
        await fetch(`${rig.discoveryUrl}/redis/${rig.groupName}`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ primary: { host: primary.host, port }, epoch }),
        });
      }
      await pause(everyMs);
    }
  };
  const following = follow().catch((error: unknown) => {
    if (!stopped) throw error;
  });
  return {
    switched: async (dead) => {
      const deadline = Date.now() + giveUpMs;
      while (port === dead.port) {
        if (Date.now() > deadline) throw new Error('the Sentinels did not fail over');
        await pause(everyMs);
      }
    },
    stop: async () => {
      stopped = true;
      await following;
      asked.disconnect();
      await sentinels.stop();
    },
  };
}
