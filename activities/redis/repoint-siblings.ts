import { GantryError } from '../../src/errors/index.ts';
import type { NewOrder } from '../../src/planning/redis/index.ts';
import { blocked, defineStep, done, todo } from '../../src/steps/index.ts';
import type { RedisDeps } from './access.ts';
import { withNode, withNodes } from './access.ts';
import type { GroupNodeSeen } from './group-look.ts';
import { followFault } from './group-look.ts';
import { ours } from './handover-session.ts';

/** A full copy of a large data set may be needed where the backlog was too small. Milliseconds. */
const linkUpMs = 45_000;

/** The epoch is the new primary's at this look: whoever acts on it later is refused by siblings that know a higher one. */
type Seen = { epoch: number; siblings: GroupNodeSeen[] };

/** Lets the other replicas follow the new primary: until then they hang on the old one, a chain. */
export const repointSiblings = defineStep<NewOrder, Seen, RedisDeps>({
  name: 'redis.repoint-siblings',
  settleMs: linkUpMs,
  probe: async (data, { groups }) => {
    if (!data.siblings.length) return done({ epoch: 0, siblings: [] }, 'the group has no other replicas');
    const access = await groups(data.group);
    const names = data.siblings.map(({ name }) => name);
    const primary = await withNode(access, data.candidate.name, async (node) => {
      const epoch = await node.epoch();
      return { epoch, role: (await node.replication()).role };
    });
    return withNodes(access, names, async (nodes) => {
      const siblings = await Promise.all(
        nodes.map(async (node, index): Promise<GroupNodeSeen> => {
          const { role, follows, linkUp, syncInProgress, offset } = await node.replication();
          return { name: names[index] ?? '?', role, ...(follows ? { follows } : {}), linkUp, syncInProgress, offset };
        }),
      );
      const seen = { epoch: primary.epoch, siblings };
      if (primary.role !== 'primary') {
        return blocked('REDIS_ROLES_CHANGED', seen, `${data.candidate.name} is a replica by now`);
      }
      const faults = siblings.flatMap((node) => followFault(node, data.candidate) ?? []);
      if (faults.length) return todo(seen, faults.join('; '));
      return done(seen, `${names.join(', ')} follow ${data.candidate.name}, links up`);
    });
  },
  apply: async (data, { epoch, siblings }, { groups }, { signal }) => {
    const access = await groups(data.group);
    const astray = siblings.filter(
      ({ follows }) => !follows || follows.port !== data.candidate.port || follows.host !== data.candidate.host,
    );
    signal.throwIfAborted();
    await withNodes(
      access,
      astray.map(({ name }) => name),
      async (nodes) => {
        const changes = await Promise.all(nodes.map((node) => ours(node.repoint(epoch, data.candidate))));
        for (const change of changes) {
          if (!change.persisted) throw new GantryError('REDIS_NOT_PERSISTED', change.because);
        }
      },
    );
  },
});
