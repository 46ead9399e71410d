import { followsNode, lagBytes, primariesOf, sameAddress, seenNodes } from '../group/roles.ts';
import type { SeenNode } from '../group/roles.ts';
import type { Finding, GroupFacts, GroupIntent, NodeFacts, WriteSafety } from '../group/types.ts';

/**
 * How a node stands to the present primary. `sound`: it follows it, link up. `astray`: a replica that doesn't. `primary`:
 * it says that it is primary itself. `empty`: the same, without a single key. `down`: it doesn't answer.
 */
export type JoinState = 'sound' | 'astray' | 'primary' | 'empty' | 'down';

/** What a node that doesn't answer gives; any other problem is not one of being down. */
const silent: readonly Finding['code'][] = ['REDIS_UNREACHABLE', 'REDIS_TIMEOUT'];

/** The primary on which the discovery and the node itself agree, or why there is none. Other nodes may say that they are, too. */
export function presentPrimary(facts: GroupFacts): { primary: SeenNode } | { findings: Finding[] } {
  const { discovery } = facts;
  const none = (finding: Finding): { findings: Finding[] } => ({ findings: [finding] });
  if (discovery.kind === 'problem') {
    return none({ code: discovery.code, message: discovery.message, place: 'discovery' });
  }
  const claim = primariesOf(facts).map(({ name }) => name);
  const claimed = claim.length > 0 ? `${claim.join(' and ')} say so of themselves` : 'no node says so of itself';
  if (discovery.kind === 'nothing') {
    const message = `the discovery knows no primary; ${claimed}`;
    return none({ code: 'DISCOVERY_DISAGREES', message, place: 'discovery' });
  }
  const where = `${discovery.primary.host}:${discovery.primary.port}`;
  const named = facts.nodes.find((node) => sameAddress(node, discovery.primary));
  if (!named) {
    const message = `the discovery names ${where}, which is no node of the group; ${claimed}`;
    return none({ code: 'DISCOVERY_DISAGREES', message, place: 'discovery' });
  }
  if (named.problem) return none({ ...named.problem, place: named.name });
  const primary = seenNodes(facts).find(({ name }) => name === named.name);
  if (primary?.reading.role === 'primary') return { primary };
  if (claim.length === 0) {
    return none({ code: 'REDIS_NO_PRIMARY', message: `the discovery names ${named.name}; ${claimed}` });
  }
  const message = `the discovery names ${named.name} (epoch ${discovery.epoch}), which is a replica; ${claimed}`;
  return none({ code: 'DISCOVERY_DISAGREES', message, place: 'discovery' });
}

/** Where a node stands, or what keeps it from becoming a replica of `primary`. */
export function joinStateOf(
  node: NodeFacts,
  primary: SeenNode,
  lagLimitBytes: number,
): { state: JoinState } | { findings: Finding[] } {
  const { name, reading, problem } = node;
  const at = (code: Finding['code'], message: string): Finding => ({ code, message, place: name });
  if (problem) {
    return silent.includes(problem.code) ? { state: 'down' } : { findings: [{ ...problem, place: name }] };
  }
  const findings: Finding[] = [];
  if (!reading.hasConfigFile) findings.push(at('REDIS_NO_CONFIG_FILE', `${name} was started without a config file`));
  if (!reading.readOnlyAsReplica) {
    findings.push(at('REDIS_UNSAFE_SETTING', `replica-read-only is no on ${name}: as a replica it would take writes`));
  }
  if (reading.failoverInProgress) findings.push(at('REDIS_ROLES_CHANGED', `${name} is in the middle of a FAILOVER`));
  if (reading.role === 'primary' && reading.replicas.length > 0) {
    const who = reading.replicas.map(({ host, port }) => `${host}:${port}`).join(', ');
    findings.push(at('REDIS_SPLIT_BRAIN', `${name} says that it is primary, and ${who} follows it`));
  }
  // Of the two the one that continued the other's history is the newer one.
  if (reading.role === 'primary' && reading.replid2 === primary.reading.replid) {
    const words = `${name} was promoted from ${primary.name}: it is the newer primary, whatever the discovery says`;
    findings.push(at('REDIS_SPLIT_BRAIN', words));
  }
  if (findings.length > 0) return { findings };
  if (reading.role === 'primary') return { state: reading.keys === 0 ? 'empty' : 'primary' };
  const sound =
    followsNode(reading, primary) &&
    reading.linkUp &&
    !reading.syncInProgress &&
    lagBytes(primary.reading, reading) < lagLimitBytes;
  return { state: sound ? 'sound' : 'astray' };
}

/** What the Sentinels have against it; that there are any, if the platform file does not know of them. */
export function joinSentinelFindings(facts: GroupFacts, primary: SeenNode): Finding[] {
  const { sentinels } = facts;
  if (!sentinels) {
    const watched = seenNodes(facts).filter(({ reading }) => reading.sentinelListens);
    return watched.map(({ name }) => ({
      code: 'REDIS_SENTINEL_PRESENT',
      message: `a Sentinel listens on ${name}, and the platform file names no Sentinels for this group`,
      place: name,
    }));
  }
  const noneAnswers = sentinels.every(({ reading }) => !reading);
  return sentinels.flatMap(({ name, reading, problem }): Finding[] => {
    if (!reading) return noneAnswers ? [{ ...problem, place: `sentinel ${name}` }] : [];
    const place = `sentinel ${name}`;
    if (reading.failoverInProgress) {
      return [{ code: 'SENTINEL_FAILOVER_IN_PROGRESS', message: `${name} is in the middle of a failover`, place }];
    }
    if (sameAddress(reading.primary, primary)) return [];
    const told = `${reading.primary.host}:${reading.primary.port}`;
    return [{ code: 'SENTINEL_DISAGREES', message: `${name} names ${told}, the primary is ${primary.name}`, place }];
  });
}

/** Whether each node that answers has the write safety that it is to have; the primary no more than it has replicas. */
export function safetyAsWanted(intent: GroupIntent, primary: SeenNode, replicas: readonly SeenNode[]): boolean {
  const { minReplicasToWrite, minReplicasMaxLagSeconds } = intent.writeSafety;
  const has = ({ reading: { writeSafety } }: SeenNode, count: WriteSafety['minReplicasToWrite']): boolean =>
    writeSafety.minReplicasToWrite === count && writeSafety.minReplicasMaxLagSeconds === minReplicasMaxLagSeconds;
  const wanted = Math.min(minReplicasToWrite, replicas.length);
  const { minReplicasRecorded: recorded } = primary.reading;
  return (
    has(primary, wanted) &&
    (recorded === undefined || recorded === wanted) &&
    replicas.every((node) => has(node, minReplicasToWrite))
  );
}

/** Where a node stands, in words. */
export function stateInWords({ reading, problem }: NodeFacts): string {
  if (problem) return problem.message;
  if (reading.role === 'primary') {
    return `says that it is primary; offset ${reading.offset}, epoch ${reading.epoch}, ${reading.keys} keys`;
  }
  const whom = reading.follows ? `${reading.follows.host}:${reading.follows.port}` : 'no node';
  return `replica of ${whom}, link ${reading.linkUp ? 'up' : 'down'}, offset ${reading.offset}`;
}

/**
 * Whether the node could go on from where the histories parted. Only from the very offset that the primary shares, or
 * before: with one write more it needs a whole copy. A restart from an append-only file forgets the history.
 */
export function syncWords(node: NodeFacts, primary: SeenNode): string {
  const { reading } = node;
  if (!reading) return 'a full copy, unless it kept its history (an RDB does, an append-only file does not)';
  const { replid, replid2, secondOffset } = primary.reading;
  const common = reading.replid === replid || (reading.replid === replid2 && reading.offset < secondOffset);
  return common
    ? `partial, if the backlog of ${primary.name} (${primary.reading.backlogBytes} bytes) reaches back to ${reading.offset}`
    : `a full copy: it has another history than ${primary.name}`;
}

/** A node that starts by itself takes writes until somebody tells it not to: only a guard before it prevents that. */
export function bootGuardWarning(node: NodeFacts, primary: SeenNode): string {
  return `${node.name} must be started behind its boot guard: without one it may come up as a primary and take writes until Gantry's first look, and those are in no copy and no count; ${primary.name} is the primary`;
}
