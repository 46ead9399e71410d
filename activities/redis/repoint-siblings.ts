import type { NewOrder } from '../../src/planning/redis/index.ts';
import { defineStep, done, todo } from '../../src/steps/index.ts';
import type { RedisDeps } from './access.ts';
import { withNode, withNodes } from './access.ts';
import type { GroupNodeSeen } from './group-look.ts';
import { followFault } from './group-look.ts';
import { ours } from './handover-session.ts';

/** A full copy of a large data set may be needed where the backlog was too small. Milliseconds. */
const linkUpMs = 45_000;

/** Lets the other replicas follow the new primary: until then they hang on the old one, a chain. */
export const repointSiblings = defineStep<NewOrder, GroupNodeSeen[], RedisDeps>({
  name: 'redis.repoint-siblings',
  settleMs: linkUpMs,
  probe: async (data, { groups }) => {
    if (!data.siblings.length) return done([], 'the group has no other replicas');
    const names = data.siblings.map(({ name }) => name);
    return withNodes(await groups(data.group), names, async (nodes) => {
      const seen = await Promise.all(
        nodes.map(async (node, index): Promise<GroupNodeSeen> => {
          const { role, follows, linkUp, syncInProgress, offset } = await node.replication();
          return { name: names[index] ?? '?', role, ...(follows ? { follows } : {}), linkUp, syncInProgress, offset };
        }),
      );
      const faults = seen.flatMap((node) => followFault(node, data.candidate) ?? []);
      if (faults.length) return todo(seen, faults.join('; '));
      return done(seen, `${names.join(', ')} follow ${data.candidate.name}, links up`);
    });
  },
  apply: async (data, seen, { groups }, { signal }) => {
    const access = await groups(data.group);
    const astray = seen.filter(
      ({ follows }) => !follows || follows.port !== data.candidate.port || follows.host !== data.candidate.host,
    );
    await withNode(access, data.candidate.name, async (primary) => {
      const epoch = await primary.epoch();
      signal.throwIfAborted();
      await withNodes(
        access,
        astray.map(({ name }) => name),
        async (nodes) => {
          await Promise.all(nodes.map((node) => ours(node.repoint(epoch, data.candidate))));
        },
      );
    });
  },
});
