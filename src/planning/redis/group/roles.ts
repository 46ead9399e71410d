import type { Address, GroupFacts, NodeReading, NodeRef } from './types.ts';

/** A node that answered. */
export type SeenNode = NodeRef & { reading: NodeReading };

/** The nodes that answered. */
export function seenNodes(facts: GroupFacts): SeenNode[] {
  return facts.nodes.flatMap((node) => (node.reading ? [{ ...refOf(node), reading: node.reading }] : []));
}

/** The nodes that call themselves primary. */
export function primariesOf(facts: GroupFacts): SeenNode[] {
  return seenNodes(facts).filter((node) => node.reading.role === 'primary');
}

/** Name and address alone. */
export function refOf({ name, host, port }: NodeRef): NodeRef {
  return { name, host, port };
}

/** Whether both are the same address, letter by letter. */
export function sameAddress(a: { host: string; port: number }, b: { host: string; port: number }): boolean {
  return a.host === b.host && a.port === b.port;
}

/**
 * Whether a replica follows `primary`. It may know it under another name than the platform file (an IP for a host name):
 * then a live link, the same port and the same replication history are the proof.
 */
export function followsNode(replica: NodeReading, primary: SeenNode): boolean {
  if (replica.role !== 'replica' || !replica.follows) return false;
  if (sameAddress(replica.follows, primary)) return true;
  return replica.linkUp && replica.follows.port === primary.port && replica.replid === primary.reading.replid;
}

/** Whether `listed`, an entry in a primary's list of replicas, is this node. */
export function isListedAs(listed: Address, node: SeenNode): boolean {
  const { announces } = node.reading;
  return sameAddress(listed, node) || (announces !== undefined && sameAddress(listed, announces));
}

/** Under which address the primary lists the replica. Without a match the only entry with its port, else what it announces. */
export function listedAddress(primary: SeenNode, replica: SeenNode): Address {
  const { replicas } = primary.reading;
  const known = replicas.find((listed) => isListedAs(listed, replica));
  const [likely, ...more] = replicas.filter(({ port }) => port === replica.port);
  const { host, port } = known ?? (more.length ? undefined : likely) ?? replica.reading.announces ?? replica;
  return { host, port };
}

/** How far a replica is behind, in bytes. Offsets are read one after the other, so a busy replica may seem ahead: 0. */
export function lagBytes(primary: NodeReading, replica: NodeReading): number {
  return Math.max(0, primary.offset - replica.offset);
}
