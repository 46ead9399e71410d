import type { GroupFacts, GroupIntent, NodeFacts, NodeReading } from '../../../src/planning/redis/index.ts';
import type { RedisSwitchoverInput } from '../../../src/runs/index.ts';
import { defaultPolicy } from '../../../src/runs/index.ts';
import type { SwitchoverPlanning } from '../../../src/planning/redis/index.ts';
import { planSwitchover } from '../../../src/planning/redis/index.ts';

const replid = '7909719cc142c4d5ff62a847ba1e1f7880b4400c';

export const addresses = {
  r1: { host: '10.0.0.1', port: 6379 },
  r2: { host: '10.0.0.2', port: 6379 },
  r3: { host: '10.0.0.3', port: 6379 },
} as const;

export type Name = keyof typeof addresses;

const common = {
  version: '7.0.15',
  syncInProgress: false,
  replicas: [],
  offset: 5_000_000,
  replid,
  replid2: '0'.repeat(40),
  secondOffset: -1,
  keys: 1_000,
  priority: 100,
  failoverInProgress: false,
  loading: false,
  savingRdb: false,
  rewritingAof: false,
  aofEnabled: true,
  rdbEnabled: false,
  hasConfigFile: true,
  readOnlyAsReplica: true,
  answersWithoutLink: true,
  settings: { maxmemory: '0', 'maxmemory-policy': 'noeviction', databases: '16', masteruser: '', masterauth: 'set' },
  users: { default: { state: 'on', passwords: 'abc', commands: '+@all' } },
  modules: [],
  writeSafety: { minReplicasToWrite: 1, minReplicasMaxLagSeconds: 10 },
  backlogBytes: 64 * 1024 * 1024,
  sentinelListens: false,
  epoch: 3,
};

const primary: NodeReading = { ...common, role: 'primary', linkUp: false };
const replica: NodeReading = { ...common, role: 'replica', follows: addresses.r1, linkUp: true };

/** A group as it should be: r1 primary, the others linked and level. */
export function facts(
  change: Partial<Record<Name, Partial<NodeReading> | { problem: NodeFacts['problem'] & object }>> = {},
  rest: Partial<Omit<GroupFacts, 'nodes'>> = {},
): GroupFacts {
  const nodes = (Object.keys(addresses) as Name[]).map((name): NodeFacts => {
    const given = change[name];
    if (given && 'problem' in given && given.problem) return { name, ...addresses[name], problem: given.problem };
    const base = name === 'r1' ? primary : replica;
    return { name, ...addresses[name], reading: { ...base, ...(given as Partial<NodeReading> | undefined) } };
  });
  return {
    nodes,
    discovery: { kind: 'entry', primary: addresses.r1, epoch: 3 },
    writeBytesPerSecond: 1_000,
    ...rest,
  };
}

export const intent: GroupIntent = {
  nodes: Object.entries(addresses).map(([name, address]) => ({ name, ...address })),
  path: 'direct',
  lagLimitBytes: 1024 * 1024,
  handover: { pauseMs: 3_000, equalityMs: 2_000, leaseReserveMs: 500, failoverTimeoutMs: 5_000 },
  writeSafety: { minReplicasToWrite: 1, minReplicasMaxLagSeconds: 10 },
};

export function plan(
  given: GroupFacts,
  input: Partial<RedisSwitchoverInput> = {},
  change: Partial<GroupIntent> = {},
): SwitchoverPlanning {
  return planSwitchover({ ...intent, ...change }, given, { group: 'sessions', ...input }, defaultPolicy);
}

/** `code@place` of everything that is in the way; empty if there is a plan. */
export function problems(planning: SwitchoverPlanning): string[] {
  return planning.ok ? [] : planning.findings.map(({ code, place }) => (place ? `${code}@${place}` : code));
}

/** The draft. @throws if there is none */
export function draftOf(planning: SwitchoverPlanning) {
  if (planning.ok) return planning.draft;
  throw new Error(planning.findings.map(({ message }) => message).join('; '));
}
