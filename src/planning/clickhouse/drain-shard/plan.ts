import type { DraftOf, DrainShardData, ShardWeights } from '../../../runs/index.ts';
import { isPlaced, keyTables, placesTheSame } from '../cluster/key-tables.ts';
import { changedHow, listingOf, sameWeights, sumOfWeights, weightsInWords } from '../cluster/membership.ts';
import type { ShardIntent, ShardServer, ShardServerFacts } from '../cluster/types.ts';
import type { Finding } from '../facts/types.ts';
import { timeInWords } from '../facts/words.ts';

export type DrainShardPlanning =
  { ok: true; draft: DraftOf<'clickhouse.drain-shard', DrainShardData> } | { ok: false; findings: readonly Finding[] };

/**
 * Facts → how a shard is emptied. The platform file must say that it is to be empty: whatever else rebalances these tables
 * would fill it again. Every table with rows there must be one whose partitions may move.
 */
export function planDrainShard(facts: readonly ShardServerFacts[], intent: ShardIntent): DrainShardPlanning {
  const { cluster, listedAs, shard, tables } = intent;
  const unread = facts.flatMap(({ server, problem }): Finding[] => (problem ? [{ ...problem, place: server }] : []));
  const marks = markFindings(intent);
  if (unread.length + marks.length > 0) return { ok: false, findings: [...marks, ...unread] };
  const servers = facts.filter((one): one is ShardServer => !one.problem);
  const own = servers.filter((one) => one.shard === shard);
  const [first] = servers;
  const now = first ? listingOf(first.listed, facts).weights : {};
  const weights = { ...now, [String(shard)]: 0 };
  const filled = [...new Set(own.flatMap((one) => one.filled))].sort();
  const keyed = keyTables(servers, listedAs);
  const findings = [
    ...servers.flatMap((one) => listFindings(one, facts, now, intent)),
    ...(sumOfWeights(weights) > 0 ? [] : [noOther(cluster, shard)]),
    ...filled
      .filter((name) => !tables.some((table) => table.name === name))
      .map((name): Finding => {
        const message = `${name} has rows on shard ${shard}, and is not among the tables of ${cluster} that Gantry may move`;
        return { code: 'CLICKHOUSE_TABLE_UNDECLARED', message, place: name };
      }),
    ...tables
      .filter((table) => filled.includes(table.name) && !isPlaced(table, servers))
      .map(({ name, distributed }): Finding => {
        const how =
          distributed === undefined ? 'no Distributed table is named for it' : `${distributed} has no sharding key`;
        const message = `${name} has rows on shard ${shard}, and ${how}: where they may go is not known`;
        return { code: 'CLICKHOUSE_PLACEMENT_UNKNOWN', message, place: name };
      }),
    ...keyed
      .filter((table) => filled.includes(table.over) || !placesTheSame(table, now, weights))
      .map(({ name, over, key }): Finding => {
        const message = `${name} places the rows of ${over} by ${key}: those on shard ${shard} belong where their key says`;
        return { code: 'CLICKHOUSE_KEY_SHARDED', message, place: over };
      }),
  ];
  if (findings.length > 0) return { ok: false, findings };
  const data: DrainShardData = {
    ...{ cluster, listedAs, shard, weights, servers: own.map(({ server }) => server) },
    tables: tables
      .filter((table) => isPlaced(table, servers) && !keyed.some(({ over }) => over === table.name))
      .map(({ name }) => name),
  };
  return { ok: true, draft: draftOf(data, intent, now, filled) };
}

function markFindings({ cluster, shard, shards, weights, tables }: ShardIntent): Finding[] {
  if (shard > shards) {
    const message = `${cluster} has ${shards} shards in the platform file`;
    return [{ code: 'INVALID_INPUT', message, place: 'shard' }];
  }
  const marked = weights[String(shard)] === 0;
  return [
    ...(marked
      ? []
      : [
          {
            code: 'CLICKHOUSE_SHARD_NOT_MARKED' as const,
            message: `the platform file does not give shard ${shard} of ${cluster} the weight 0`,
            place: `clickhouse.clusters.${cluster}.membership.weights`,
          },
        ]),
    ...tables
      .filter(({ share = 0 }) => share > 0)
      .map(({ name, share }): Finding => {
        const message = `the platform file gives ${name} the weight ${share} on shard ${shard}`;
        return { code: 'CLICKHOUSE_SHARD_NOT_MARKED', message, place: name };
      }),
  ];
}

function listFindings(
  { server, listed }: ShardServer,
  facts: readonly ShardServerFacts[],
  now: ShardWeights,
  { shard, shards, listedAs }: ShardIntent,
): Finding[] {
  const { weights, wrong } = listingOf(listed, facts);
  const finding = (message: string): Finding => ({ code: 'CLICKHOUSE_MEMBERSHIP_DIFFERS', message, place: server });
  const all = Array.from({ length: shards }, (_, at) => String(at + 1));
  const lacks = all.filter((one) => !(one in weights));
  // Whether it takes rows is what the run changes, and may have changed half.
  const alike = sameWeights({ ...weights, [String(shard)]: 0 }, { ...now, [String(shard)]: 0 });
  return [
    ...wrong.map((one) => finding(`${server}: ${one} in ${listedAs}`)),
    ...(lacks.length > 0 ? [finding(`${server} does not list shard ${lacks.join(', ')} of ${listedAs}`)] : []),
    ...(lacks.length > 0 || alike
      ? []
      : [finding(`${server} gives the shards of ${listedAs} other weights than ${weightsInWords(now)}`)]),
  ];
}

function noOther(cluster: string, shard: number): Finding {
  const message = `no other shard of ${cluster} than ${shard} takes rows`;
  return { code: 'CLICKHOUSE_BAD_WEIGHTS', message, place: cluster };
}

function draftOf(
  data: DrainShardData,
  intent: ShardIntent,
  now: ShardWeights,
  filled: readonly string[],
): DraftOf<'clickhouse.drain-shard', DrainShardData> {
  const { cluster, shard, servers, weights, tables } = data;
  return {
    title: `Empty shard ${shard} (${servers.join(', ')}) of ${cluster}, and prove it empty`,
    actions: [
      {
        step: 'clickhouse.set-membership',
        what: `no new rows: ${weightsInWords(weights)} on every server (${changedHow(intent)})`,
        reversible: true,
      },
      {
        step: 'clickhouse.canary',
        what: 'canary: rows of Gantry’s own come to the other shards alone',
        reversible: true,
      },
      {
        step: 'clickhouse.measure-shares',
        what: 'see what is left there, before each round of moves',
        reversible: true,
      },
      ...tables.map((table) => ({
        step: 'clickhouse.rebalance' as const,
        what: `move what ${table} has there, run after run until nothing is left; open partitions are waited for`,
        reversible: true,
      })),
      {
        step: 'clickhouse.prove-queues',
        what: 'prove: no row waits in a Distributed table for it, or on it',
        reversible: true,
      },
      {
        step: 'clickhouse.prove-empty',
        what: 'prove: no table of its servers has a row, now and for a while',
        reversible: true,
      },
    ],
    facts: [
      { label: 'weights', value: `${weightsInWords(now)} → ${weightsInWords(weights)}` },
      { label: 'has rows there', value: filled.join(', ') || 'no table' },
    ],
    warnings: [
      `What is moved away stays in \`detached\` of its servers for ${timeInWords(intent.retainMs)}: that is what undoes each move. Remove no server before.`,
    ],
    irreversible: [],
    voidIf: ['a listed weight changes on any server', 'a changed platform file gives another plan'],
    data,
  };
}
