import type { EngineFamily, Finding, RebalanceFacts, RebalancePolicy, ShardFacts } from './types.ts';

const supported: readonly EngineFamily[] = ['plain', 'aggregating', 'summing', 'replacing', 'collapsing'];

/** What forbids any plan of partition moves, all of it at once. */
export function rebalanceFindings(facts: RebalanceFacts, policy: RebalancePolicy): Finding[] {
  const { table } = facts;
  const name = `${table.database}.${table.name}`;
  const findings: Finding[] = [];
  if (table.sharding.kind === 'key') {
    const message = `${name} is sharded by ${table.sharding.expression}: its rows belong to the shard that their key says`;
    findings.push({ code: 'CLICKHOUSE_KEY_SHARDED', message, place: name });
  }
  if (!supported.includes(table.family)) {
    const message = `${name} is a ${table.engine}; its partitions can't be moved and proven equal`;
    findings.push({ code: 'CLICKHOUSE_ENGINE_UNSUPPORTED', message, place: name });
  }
  return [...findings, ...policyFindings(policy), ...clusterFindings(facts.shards), ...facts.shards.flatMap(ofShard)];
}

/** What is wrong with the shards as a whole: too few, or weights that say nothing. */
export function clusterFindings(shards: readonly Pick<ShardFacts, 'name' | 'weight'>[]): Finding[] {
  const findings: Finding[] = [];
  const bad = shards.filter(({ weight }) => !Number.isFinite(weight) || weight < 0);
  for (const { name, weight } of bad) {
    findings.push({ code: 'CLICKHOUSE_BAD_WEIGHTS', message: `the weight of ${name} is ${weight}`, place: name });
  }
  if (!bad.length && shards.length > 0 && shards.every(({ weight }) => weight === 0)) {
    findings.push({ code: 'CLICKHOUSE_BAD_WEIGHTS', message: 'every shard has weight 0: nothing may be anywhere' });
  }
  if (shards.length < 2) {
    const message = `the cluster has ${shards.length === 1 ? 'one shard' : 'no shards'}`;
    findings.push({ code: 'CLICKHOUSE_TOO_FEW_SHARDS', message });
  }
  for (const name of twice(shards.map((shard) => shard.name))) {
    findings.push({ code: 'CLICKHOUSE_BAD_FACTS', message: `two shards are called ${name}`, place: name });
  }
  return findings;
}

function ofShard({ name, replicas, partitions }: ShardFacts): Finding[] {
  const bad = (message: string): Finding => ({ code: 'CLICKHOUSE_BAD_FACTS', message, place: name });
  const findings: Finding[] = [];
  if (!replicas.length) findings.push(bad(`${name} has no replica that was read`));
  for (const { name: replica, problem, disks } of replicas) {
    if (problem) findings.push({ ...problem, place: replica });
    for (const disk of disks ?? []) {
      if ([disk.totalBytes, disk.freeBytes, disk.reserveBytes].some((bytes) => !isAmount(bytes))) {
        findings.push(bad(`the sizes of disk ${disk.name} of ${replica} are no sizes`));
      }
    }
  }
  const nonsense = partitions.find(({ bytes, rows }) => !isAmount(bytes) || !isAmount(rows));
  if (nonsense) findings.push(bad(`the bytes or rows of partition ${nonsense.id} of ${name} are no amounts`));
  const [double] = twice(partitions.map(({ id }) => id));
  if (double !== undefined) findings.push(bad(`partition ${double} of ${name} is listed twice`));
  return findings;
}

function isAmount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

function policyFindings(policy: RebalancePolicy): Finding[] {
  const wrong = (field: string, must: string): Finding => ({
    code: 'INVALID_INPUT',
    message: `${field} must be ${must}`,
    place: field,
  });
  return [
    ...(policy.tolerance >= 0 && policy.tolerance < 1 ? [] : [wrong('tolerance', 'at least 0 and below 1')]),
    ...(Number.isInteger(policy.window) && policy.window >= 1 ? [] : [wrong('window', 'a whole number from 1 on')]),
    ...(policy.stagingFactor >= 1 ? [] : [wrong('stagingFactor', 'at least 1')]),
    ...(policy.reserveShare >= 0 && policy.reserveShare < 1 ? [] : [wrong('reserveShare', 'at least 0 and below 1')]),
    ...(policy.moveBytesPerSecond > 0 ? [] : [wrong('moveBytesPerSecond', 'above 0')]),
  ];
}

function twice(names: readonly string[]): string[] {
  const seen = new Set<string>();
  const found = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) found.add(name);
    seen.add(name);
  }
  return [...found].sort();
}
