import type { Address, DiscoveryFacts, NodeRef, RedisSwitchoverData } from '../../../../src/planning/redis/index.ts';
import { sameAddress } from '../../../../src/planning/redis/index.ts';
import type { RedisNode, Replication } from '../../../../src/drivers/redis/index.ts';
import type { RedisGroupAccess } from '../../access/access.ts';
import { isAbsence } from '../../access/access.ts';
import { readDiscovery } from '../../group/read-facts.ts';

/** One of the two nodes of a handover, as evidence. */
export type NodeSeen = Pick<Replication, 'role' | 'follows' | 'linkUp' | 'offset' | 'replid' | 'failoverState'> & {
  /** What whoever acts on this look is guarded by: read before the role, so that nothing of the look is older than it. */
  epoch: number;
};
export type NodeMissing = { missing: string };

/** Where a handover stands, by what the nodes and the discovery show. */
export type HandoverState =
  /** The old primary is primary still, the candidate its replica. */
  | 'before'
  /** The server's own FAILOVER is under way. */
  | 'failing-over'
  /** The old primary is demoted, the candidate not promoted: nothing takes writes. */
  | 'between'
  /** The same, and the candidate can't be asked. */
  | 'candidate-lost'
  /** The candidate is primary; the old one is missing, or the discovery does not name the candidate. */
  | 'promoted'
  | 'done'
  /** Both are primary. */
  | 'split'
  /** The old primary is missing and the candidate its replica: demoted or not, it can't be told. */
  | 'unknown'
  /** Roles that this handover neither starts from nor leads to. */
  | 'changed';

export type HandoverSeen = {
  state: HandoverState;
  primary: NodeSeen | NodeMissing;
  candidate: NodeSeen | NodeMissing;
  discovery: DiscoveryFacts;
};

/** Looks at both nodes and the discovery. A node that can't be asked is an observation; a wrong password is an error. */
export async function readHandover(access: RedisGroupAccess, data: RedisSwitchoverData): Promise<HandoverSeen> {
  const [primary, candidate, discovery] = await Promise.all([
    lookAt(access, data.primary),
    lookAt(access, data.candidate),
    readDiscovery(access),
  ]);
  return { state: handoverStateOf(primary, candidate, discovery, data), primary, candidate, discovery };
}

/** What two nodes and the discovery show → where the handover stands. Pure. */
export function handoverStateOf(
  primary: NodeSeen | NodeMissing,
  candidate: NodeSeen | NodeMissing,
  discovery: DiscoveryFacts,
  data: Pick<RedisSwitchoverData, 'primary' | 'candidate' | 'knownAs'>,
): HandoverState {
  const oldNames = [data.primary, data.knownAs.primary];
  const newNames = [data.candidate, data.knownAs.candidate];
  if ('missing' in primary) {
    if ('missing' in candidate) return 'unknown';
    if (candidate.role === 'primary') return 'promoted';
    return follows(candidate, oldNames) ? 'unknown' : 'changed';
  }
  // While a FAILOVER swaps the roles both may call themselves primary for a moment, or neither; it settles that itself.
  if (primary.failoverState !== 'no-failover') return 'failing-over';
  if (primary.role === 'primary') {
    if ('missing' in candidate) return 'before';
    if (candidate.role === 'primary') return 'split';
    // By the same names as in between: what may begin here can be finished there.
    return follows(candidate, oldNames) ? 'before' : 'changed';
  }
  if ('missing' in candidate) return follows(primary, newNames) ? 'candidate-lost' : 'changed';
  if (candidate.role === 'replica') {
    return follows(primary, newNames) && follows(candidate, oldNames) ? 'between' : 'changed';
  }
  if (!follows(primary, newNames) && !isLinked(primary, candidate, data.candidate)) return 'changed';
  const told = discovery.kind === 'entry' && sameAddress(discovery.primary, data.candidate);
  return told ? 'done' : 'promoted';
}

function follows({ role, follows: whom }: NodeSeen, names: readonly Address[]): boolean {
  return role === 'replica' && whom !== undefined && names.some((name) => sameAddress(whom, name));
}

/** It knows its primary under another name than the platform file: a live link, port and history are the proof. */
function isLinked(replica: NodeSeen, primary: NodeSeen, ref: NodeRef): boolean {
  return replica.linkUp && replica.follows?.port === ref.port && replica.replid === primary.replid;
}

async function lookAt(access: RedisGroupAccess, ref: NodeRef): Promise<NodeSeen | NodeMissing> {
  let node: RedisNode | undefined;
  try {
    node = await access.connect(ref.name);
    const epoch = await node.epoch();
    const { role, follows: whom, linkUp, offset, replid, failoverState } = await node.replication();
    return { role, ...(whom ? { follows: whom } : {}), linkUp, offset, replid, failoverState, epoch };
  } catch (error) {
    if (isAbsence(error)) return { missing: error.message };
    throw error;
  } finally {
    node?.close();
  }
}
