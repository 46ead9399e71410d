import type { AddShardData, DraftOf, ShardWeights } from '../../../runs/index.ts';
import { addShardDraft } from './draft.ts';
import { isPlaced, keysNamed, keyTables, placesTheSame } from '../cluster/key-tables.ts';
import { listingOf, sameWeights } from '../cluster/membership.ts';
import { placementBy } from '../facts/distributed-engine.ts';
import { pathFindings } from './paths.ts';
import { foreignTables, shardSchema } from './schema.ts';
import { fullName } from '../cluster/schema-order.ts';
import type { ShardIntent, ShardServer, ShardServerFacts } from '../cluster/types.ts';
import type { Finding } from '../facts/types.ts';

export type AddShardPlanning =
  { ok: true; draft: DraftOf<'clickhouse.add-shard', AddShardData> } | { ok: false; findings: readonly Finding[] };

/** How much fewer rows than its part a new shard takes while its tables are rebalanced. */
const firstShare = 10;

/**
 * Facts → what a new shard still needs until it is one like the others: schema, a place in the list of every server that
 * takes no rows yet, few rows, its share of the tables, its weight. What is done already is left out, so that a run after
 * one that ended half-way goes on from there.
 */
export function planAddShard(facts: readonly ShardServerFacts[], intent: ShardIntent): AddShardPlanning {
  const { cluster, listedAs, shard, tables } = intent;
  const unread = facts.flatMap(({ server, problem }): Finding[] => (problem ? [{ ...problem, place: server }] : []));
  const last = lastShard(intent);
  if (unread.length + last.length > 0) return { ok: false, findings: [...last, ...unread] };
  const servers = facts.filter((one): one is ShardServer => !one.problem);
  const fresh = servers.filter((one) => one.shard === shard);
  const others = servers.filter((one) => one.shard !== shard);
  const listings = servers.map((one) => ({ ...listingOf(one.listed, facts), server: one.server, shard: one.shard }));
  const now = withoutShard(listings.find((one) => one.shard !== shard)?.weights ?? {}, shard);
  const isListed = listings.every(({ weights, wrong }) => wrong.length === 0 && String(shard) in weights);
  const weights = finalWeights(now, intent);
  const taking = weights[String(shard)] ?? 0;
  const schema = shardSchema(others, intent);
  const keyed = keyTables(others, listedAs);
  const findings = [
    ...listFindings(listings, now, intent),
    ...weightFindings(weights, intent),
    ...serverFindings(fresh, others, shard),
    ...schema.findings,
    ...fresh.flatMap((one) => foreignTables(one, schema.wanted, isListed)),
    ...pathFindings(schema.wanted, fresh, others),
    ...keyed
      .filter((table) => !placesTheSame(table, now, weights))
      .map(({ name, key }): Finding => {
        const message = `${name} is sharded by ${key}: other weights send its keys to other shards than those that have them`;
        return { code: 'CLICKHOUSE_KEY_PLACEMENT_SHIFTS', message, place: name };
      }),
  ];
  if (findings.length > 0) return { ok: false, findings };

  const present = listings.map((one) => one.weights);
  const takesSome = isListed && present.every((one) => (one[String(shard)] ?? 0) > 0);
  const few = keyed.length === 0 ? fewRows(weights, shard) : weights;
  const missing = fresh.some(({ objects }) =>
    schema.wanted.some((table) => !objects.some((one) => fullName(one) === fullName(table))),
  );
  const done = present.every((one) => sameWeights(one, weights));
  const data: AddShardData = {
    ...{ cluster, listedAs, shard, source: others[0]?.server ?? '', servers: fresh.map(({ server }) => server) },
    databases: schema.databases,
    schema: schema.wanted.map(({ database, name, digest }) => ({ database, name, digest })),
    ...(isListed ? {} : { join: { ...now, [String(shard)]: 0 } }),
    ...(taking > 0 && !takesSome ? { open: few } : {}),
    ...(taking > 0 && !done ? { final: weights } : {}),
    tables: taking > 0 ? tables.filter((one) => !staysBehind(one, others)).map(({ name }) => name) : [],
    idle: !missing && done,
  };
  const waiting = tables.filter((one) => staysBehind(one, others)).map(({ name }) => name);
  return { ok: true, draft: addShardDraft(data, intent, { now, waiting, left: schema.left }) };
}

/** Servers number shards by their place in the list: one in between would give the others another number. */
function lastShard({ shard, shards, cluster }: ShardIntent): Finding[] {
  const why =
    shard > shards ? `${cluster} has ${shards} shards in the platform file` : `shard ${shards} is the last one`;
  if (shard === shards && shards > 1) return [];
  const message = `only the last shard can be added: ${shards > 1 ? why : `${cluster} has one shard in the platform file`}`;
  return [{ code: 'INVALID_INPUT', message, place: 'shard' }];
}

function withoutShard(weights: ShardWeights, shard: number): ShardWeights {
  return Object.fromEntries(Object.entries(weights).filter(([name]) => name !== String(shard)));
}

/** Of the file; what it leaves out stays as it is, and a new shard gets as much as the one that takes most. */
function finalWeights(now: ShardWeights, { weights, shard }: ShardIntent): ShardWeights {
  const own = weights[String(shard)] ?? Math.max(1, ...Object.values(now));
  const others = Object.entries(now).map(([name, weight]) => [name, weights[name] ?? weight] as const);
  return { ...Object.fromEntries(others), [String(shard)]: own };
}

/** A weight says nothing beside weights that are only read: a run that was cut off may have left others than there were. */
function weightFindings(all: ShardWeights, { weights }: ShardIntent): Finding[] {
  const given = Object.values(weights).some((weight) => weight > 0);
  const lacking = Object.keys(all).filter((shard) => weights[shard] === undefined);
  if (!given || lacking.length === 0) return [];
  const message = `\`membership.weights\` gives some shards a weight and shard ${lacking.join(', ')} none: all, or only those that are 0`;
  return [{ code: 'CLICKHOUSE_BAD_WEIGHTS', message, place: 'membership.weights' }];
}

function fewRows(weights: ShardWeights, shard: number): ShardWeights {
  const entries = Object.entries(weights);
  return Object.fromEntries(
    entries.map(([name, weight]) => [name, name === String(shard) ? weight : weight * firstShare]),
  );
}

/** The servers that there were must agree on the shards that there were, and all of those must be the platform file's. */
function listFindings(
  listings: readonly { server: string; shard: number; weights: ShardWeights; wrong: readonly string[] }[],
  now: ShardWeights,
  { shard, shards, listedAs }: ShardIntent,
): Finding[] {
  return listings
    .filter((one) => one.shard !== shard)
    .flatMap(({ server, weights, wrong }): Finding[] => {
      const finding = (message: string): Finding => ({ code: 'CLICKHOUSE_MEMBERSHIP_DIFFERS', message, place: server });
      // A hook that was cut off may have listed the new shard half: the run fixes that.
      const about = wrong.filter((one) => !one.startsWith(`shard ${shard} `));
      const others = withoutShard(weights, shard);
      const lacks = Array.from({ length: shards }, (_, at) => at + 1).filter(
        (one) => one !== shard && !(String(one) in weights),
      );
      return [
        ...about.map((one) => finding(`${server}: ${one} in ${listedAs}`)),
        ...(lacks.length > 0
          ? [finding(`${server} does not list shard ${lacks.join(', ')} of ${listedAs}; shards are added one by one`)]
          : sameWeights(others, now)
            ? []
            : [finding(`${server} gives the shards of ${listedAs} other weights than the servers before it`)]),
      ];
    });
}

function serverFindings(fresh: readonly ShardServer[], others: readonly ShardServer[], shard: number): Finding[] {
  const versions = [...new Set(others.map(({ version }) => version))].sort();
  return fresh.flatMap(({ server, version, macros }): Finding[] => [
    ...(versions.includes(version)
      ? []
      : [
          {
            code: 'CLICKHOUSE_VERSION_DIFFERS' as const,
            message: `${server} runs ${version}, the cluster ${versions.join(' and ')}`,
            place: server,
          },
        ]),
    ...(Number(macros['shard']) === shard
      ? []
      : [
          {
            code: 'CLICKHOUSE_MACROS_DIFFER' as const,
            message: `the macro shard of ${server} is ${macros['shard'] ?? 'not set'}; the platform file says ${shard}`,
            place: server,
          },
        ]),
    ...(fresh.some((one) => one.server !== server && one.macros['replica'] === macros['replica'])
      ? [
          {
            code: 'CLICKHOUSE_MACROS_DIFFER' as const,
            message: `the macro replica of ${server} is ${macros['replica'] ?? 'not set'}, as on another server of the shard`,
            place: server,
          },
        ]
      : []),
  ]);
}

/** Whether the rows of a declared table are placed by a key, or nobody knows how: its partitions don't move as a whole. */
function staysBehind(declared: ShardIntent['tables'][number], servers: readonly ShardServer[]): boolean {
  const byKey = keysNamed(declared, servers).some((key) => placementBy(key).kind === 'key');
  return byKey || !isPlaced(declared, servers);
}
