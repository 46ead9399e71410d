import type { SeenNode } from './roles.ts';
import { followsNode, primariesOf, sameAddress, seenNodes } from './roles.ts';
import { sentinelFindings } from './sentinel.ts';
import type { Finding, GroupFacts, NodeReading } from './types.ts';
import { userFindings } from './users.ts';

/** CLIENT PAUSE … WRITE and FAILOVER came with it. */
const oldestVersion = [6, 2] as const;

/** What is wrong with the group whatever node is to become primary. */
export function groupFindings(facts: GroupFacts): Finding[] {
  return [
    ...facts.nodes.flatMap((node) => (node.problem ? [{ ...node.problem, place: node.name }] : [])),
    ...primaryFindings(facts),
    ...discoveryFindings(facts),
    ...seenNodes(facts).flatMap(nodeFindings),
    ...sentinelFindings(facts),
  ];
}

/** What keeps `node`, a replica, from following another primary, or from becoming one, beside `primary` as it is now. */
export function likenessFindings(node: SeenNode, primary: SeenNode): Finding[] {
  const { reading: mine } = node;
  const { reading: theirs } = primary;
  const at = (code: Finding['code'], message: string): Finding => ({ code, message, place: node.name });
  const findings: Finding[] = [];
  if (mine.version !== theirs.version) {
    findings.push(at('REDIS_VERSION_MISMATCH', `${node.name} runs ${mine.version}, ${primary.name} ${theirs.version}`));
  }
  for (const [name, value] of Object.entries(theirs.settings)) {
    const other = mine.settings[name];
    if (other === value) continue;
    const message = `${name} is ${show(other)} on ${node.name} and ${show(value)} on ${primary.name}`;
    findings.push(at('REDIS_CONFIG_MISMATCH', message));
  }
  if (mine.users && theirs.users) {
    findings.push(...userFindings({ name: node.name, users: mine.users }, { name: primary.name, users: theirs.users }));
  }
  const modules = [mine.modules, theirs.modules].map((list) => [...list].sort().join(', '));
  if (modules[0] !== modules[1]) {
    const message = `modules: ${show(modules[0])} on ${node.name}, ${show(modules[1])} on ${primary.name}`;
    findings.push(at('REDIS_CONFIG_MISMATCH', message));
  }
  return findings;
}

/** What keeps a replica's link from being good enough for a handover in 50 ms. */
export function linkFindings(node: SeenNode, primary: SeenNode, lagLimitBytes: number): Finding[] {
  const { reading } = node;
  const at = (code: Finding['code'], message: string): Finding => ({ code, message, place: node.name });
  if (!followsNode(reading, primary)) {
    const whom = reading.follows ? `${reading.follows.host}:${reading.follows.port}` : 'no node';
    return [at('REDIS_REPLICA_UNLINKED', `${node.name} follows ${whom}, not ${primary.name}`)];
  }
  if (reading.syncInProgress) return [at('REDIS_REPLICA_UNLINKED', `${node.name} is in the middle of a full sync`)];
  if (!reading.linkUp) return [at('REDIS_REPLICA_UNLINKED', `the link of ${node.name} to ${primary.name} is down`)];
  const lag = Math.max(0, primary.reading.offset - reading.offset);
  if (lag < lagLimitBytes) return [];
  return [at('REDIS_REPLICA_LAGGING', `${node.name} is ${lag} bytes behind; the limit is ${lagLimitBytes}`)];
}

/** What keeps a replica from ever becoming a primary, its link aside. */
export function fitnessFindings(node: SeenNode): Finding[] {
  const { reading } = node;
  const at = (code: Finding['code'], message: string): Finding => ({ code, message, place: node.name });
  const findings: Finding[] = [];
  if (reading.priority === 0) findings.push(at('REDIS_REPLICA_PRIORITY_ZERO', `${node.name} has replica-priority 0`));
  if (!reading.aofEnabled && !reading.rdbEnabled) {
    findings.push(at('REDIS_NO_PERSISTENCE', `${node.name} has neither an append-only file nor save points`));
  }
  return findings;
}

function primaryFindings(facts: GroupFacts): Finding[] {
  const primaries = primariesOf(facts);
  if (primaries.length === 1) return [];
  if (primaries.length > 1) {
    const names = primaries.map((node) => `${node.name} (offset ${node.reading.offset})`).join(' and ');
    return [{ code: 'REDIS_SPLIT_BRAIN', message: `${names} both say that they are primary` }];
  }
  // A node that did not answer may be the primary: its own problem says enough.
  if (facts.nodes.some((node) => node.problem)) return [];
  const offsets = seenNodes(facts).map((node) => `${node.name} ${node.reading.offset}`);
  return [{ code: 'REDIS_NO_PRIMARY', message: `every node is a replica; offsets: ${offsets.join(', ')}` }];
}

function discoveryFindings(facts: GroupFacts): Finding[] {
  const { discovery } = facts;
  if (discovery.kind === 'problem') {
    return [{ code: discovery.code, message: discovery.message, place: 'discovery' }];
  }
  const [primary, ...more] = primariesOf(facts);
  if (discovery.kind === 'nothing' || !primary || more.length || sameAddress(discovery.primary, primary)) return [];
  const told = `${discovery.primary.host}:${discovery.primary.port}`;
  const message = `the discovery names ${told} (epoch ${discovery.epoch}), the primary is ${primary.name} at ${primary.host}:${primary.port}`;
  return [{ code: 'DISCOVERY_DISAGREES', message, place: 'discovery' }];
}

function nodeFindings(node: SeenNode): Finding[] {
  const { name, reading } = node;
  const at = (code: Finding['code'], message: string): Finding => ({ code, message, place: name });
  const findings: Finding[] = [];
  if (!isSupported(reading.version)) {
    findings.push(at('REDIS_VERSION_UNSUPPORTED', `${name} runs ${reading.version}; 6.2 or newer is needed`));
  }
  if (reading.loading) findings.push(at('REDIS_LOADING', `${name} is loading its data set`));
  for (const running of saving(reading)) findings.push(at('REDIS_PERSISTENCE_BUSY', `${name}: ${running} is running`));
  if (!reading.hasConfigFile) findings.push(at('REDIS_NO_CONFIG_FILE', `${name} was started without a config file`));
  if (!reading.readOnlyAsReplica) {
    const message = `replica-read-only is no on ${name}: demoted it would take writes and lose them; it must be yes`;
    findings.push(at('REDIS_UNSAFE_SETTING', message));
  }
  if (!reading.answersWithoutLink) {
    const message = `replica-serve-stale-data is no on ${name}: between two primaries its epoch could not be read; it must be yes`;
    findings.push(at('REDIS_UNSAFE_SETTING', message));
  }
  if (reading.failoverInProgress) findings.push(at('REDIS_ROLES_CHANGED', `${name} is in the middle of a FAILOVER`));
  return findings;
}

function saving(reading: NodeReading): string[] {
  return [...(reading.savingRdb ? ['a background save'] : []), ...(reading.rewritingAof ? ['an AOF rewrite'] : [])];
}

function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldestVersion[0] || (major === oldestVersion[0] && minor >= oldestVersion[1]);
}

function show(value: string | undefined): string {
  return value === undefined ? 'unknown' : value || '(empty)';
}
