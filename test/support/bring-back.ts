import { withRedis } from '../../lab/redis/client.ts';
import type { RedisRig } from '../../lab/redis/rig.ts';
import { linkUp } from '../../lab/redis/redis.ts';

type At = { host: string; port: number };

/**
 * Sets a group's stage again after a failover, past Gantry: whoever is down is started and follows the primary that the
 * discovery names, and every node has its write safety again. `addressOf` gives a node's address in the platform file
 * where that isn't its own.
 */
export async function bringBack(rig: RedisRig, addressOf?: (name: string) => At | undefined): Promise<void> {
  const { nodes, password } = rig.group;
  const down = nodes.filter((node) => !node.isRunning());
  const told = (await (await fetch(`${rig.discoveryUrl}/redis/${rig.groupName}`)).json()) as { primary: At };
  const { host, port } = told.primary;
  for (const node of down) {
    await node.restart();
    if ((addressOf?.(node.name) ?? node).port === port) continue;
    await withRedis(node, password, (client) => client.replicaof(host, port));
    await linkUp(node, password);
  }
  for (const node of nodes) {
    await withRedis(node, password, async (client) => {
      await client.config('SET', 'min-replicas-to-write', '1');
      await client.config('REWRITE');
    });
  }
}
