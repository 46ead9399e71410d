import type { RedisNode, Replication } from '../../../src/drivers/redis/index.ts';
import type { NodeRef, NewOrder } from '../../../src/planning/redis/index.ts';
import { sameAddress } from '../../../src/planning/redis/index.ts';
import type { RedisGroupAccess } from '../access/access.ts';
import { withNodes } from '../access/access.ts';

/** A node of the group after the handover, as evidence. */
export type GroupNodeSeen = Pick<Replication, 'role' | 'follows' | 'linkUp' | 'syncInProgress' | 'offset'> & {
  name: string;
};

/** All nodes that are to have a role in the new order, the new primary first. */
export function nodesOf(data: NewOrder): NodeRef[] {
  return [data.candidate, ...(data.primary ? [data.primary] : []), ...data.siblings];
}

/** Runs `use` with connections to all nodes, each beside its name; the new primary first. @throws if one can't be reached */
export async function withGroup<T>(
  access: RedisGroupAccess,
  data: NewOrder,
  use: (members: { ref: NodeRef; node: RedisNode }[]) => Promise<T>,
): Promise<T> {
  const refs = nodesOf(data);
  return withNodes(
    access,
    refs.map(({ name }) => name),
    (nodes) => use(refs.flatMap((ref, index) => (nodes[index] ? [{ ref, node: nodes[index] }] : []))),
  );
}

/** Where each node stands; the replicas are asked after the primary, so that a busy one can't seem behind by what came later. */
export async function readGroup(members: readonly { ref: NodeRef; node: RedisNode }[]): Promise<GroupNodeSeen[]> {
  const look = async ({ ref, node }: { ref: NodeRef; node: RedisNode }): Promise<GroupNodeSeen> => {
    const { role, follows, linkUp, syncInProgress, offset } = await node.replication();
    return { name: ref.name, role, ...(follows ? { follows } : {}), linkUp, syncInProgress, offset };
  };
  const [primary, ...replicas] = members;
  if (!primary) return [];
  const first = await look(primary);
  return [first, ...(await Promise.all(replicas.map(look)))];
}

/** What is not as planned with the roles and links, in words; nothing if all is well. */
export function roleFaults(seen: readonly GroupNodeSeen[], data: NewOrder): string[] {
  const [primary, ...replicas] = seen;
  const faults = primary?.role === 'primary' ? [] : [`${data.candidate.name} is not primary`];
  for (const node of replicas) {
    const fault = followFault(node, data.candidate);
    if (fault) faults.push(fault);
  }
  return faults;
}

/** Why a node does not count as a sound replica of `primary`, in words. */
export function followFault(node: GroupNodeSeen, primary: NodeRef): string | undefined {
  if (node.role === 'primary') return `${node.name} says that it is primary`;
  if (!node.follows || !sameAddress(node.follows, primary)) return `${node.name} does not follow ${primary.name}`;
  if (node.syncInProgress) return `${node.name} is in the middle of a full sync`;
  return node.linkUp ? undefined : `the link of ${node.name} to ${primary.name} is down`;
}
