import type { KeyReshardData, PlanDraft, ReshardMove } from '../../runs/index.ts';
import type { KeyReshardFacts, KeyReshardPolicy } from './plan-key-reshard.ts';
import { planKeyReshard } from './plan-key-reshard.ts';
import type { Finding } from './types.ts';
import { bytesInWords, counted } from './words.ts';

/** Rows of one bucket in one partition of one shard. */
export type BucketShare = { shard: string; partition: string; bucket: number; rows: number };

/** The buckets of a table as its shards have them, read at one time. */
export type ReshardFacts = Omit<KeyReshardFacts, 'buckets'> & {
  shares: readonly BucketShare[];
  /** Mean bytes of a row on each shard. */
  rowBytes: Readonly<Record<string, number>>;
  /** The shard of each bucket by the rule that the Distributed table has now, where it has one of ours. */
  placed?: readonly string[];
  /** The servers' own words of the rule that is in force. */
  rule: string;
};

export type ReshardTerms = {
  distributed: string;
  buckets: number;
  /** How ingest is held back, in words, and whether it is. */
  fence: string;
  fenced: boolean;
  /** Partitions that took rows a moment ago. */
  open: ReadonlySet<string>;
};

export type ReshardPlanning =
  { ok: true; draft: PlanDraft<KeyReshardData> } | { ok: false; findings: readonly Finding[] };

/**
 * Facts → the shard of each bucket and the rows that go there, partition by partition. A bucket's present shard is the one of
 * the rule if it is one of ours, else where most of its rows are. What lies elsewhere than its bucket goes there too. Pure.
 */
export function planReshard(facts: ReshardFacts, policy: KeyReshardPolicy, terms: ReshardTerms): ReshardPlanning {
  const planning = planKeyReshard({ ...facts, buckets: bucketsOf(facts, terms.buckets) }, policy);
  if (!planning.ok) return planning;
  const { plan } = planning;
  const placed = bucketsOf(facts, terms.buckets).map(
    ({ bucket, shard }) => plan.moves.find((move) => move.bucket === bucket)?.to ?? shard,
  );
  const moves = movesOf(facts, placed);
  const fans = fansOf(facts, moves);
  const open = [...new Set(moves.map(({ partition }) => partition))].filter((id) => terms.open.has(id));
  if (fans.length > 0) return { ok: false, findings: fans };
  const { cluster } = facts;
  const table = `${facts.table.database}.${facts.table.name}`;
  const sameRule = facts.placed !== undefined && placed.every((shard, bucket) => facts.placed?.[bucket] === shard);
  const idle = sameRule && moves.length === 0;
  const rows = moves.reduce((sum, move) => sum + move.rows, 0);
  return {
    ok: true,
    draft: {
      title: idle
        ? `Nothing to do: every row of ${table} is on the shard of its key`
        : `Move ${counted(rows, 'row')} of ${table} to the shards of their keys`,
      actions: idle
        ? []
        : [
            ...(sameRule
              ? []
              : [
                  {
                    step: 'clickhouse.switch-rule',
                    what: `Have ${terms.distributed} place new rows by ${counted(terms.buckets, 'bucket')}: ${placesInWords(placed)}`,
                    reversible: false,
                  },
                ]),
            ...moves.map(({ partition, from, to, buckets, rows: count }) => ({
              step: 'clickhouse.split',
              what: `${partition}: ${counted(count, 'row')} of ${counted(buckets.length, 'bucket')}, ${from} → ${to} (ingest ${terms.fence})`,
              reversible: false,
            })),
            {
              step: 'clickhouse.prove-placement',
              what: 'prove: on every shard, no row of another one’s buckets',
              reversible: true,
            },
          ],
      facts: [
        { label: 'rule now', value: facts.rule },
        ...plan.summary.map((value) => ({ label: 'plan', value })),
        ...plan.shares.map(({ shard, bucketsBefore, bucketsAfter, beforeBytes, afterBytes }) => ({
          label: shard,
          value: `${bucketsBefore} → ${bucketsAfter} buckets, ${bytesInWords(beforeBytes)} → ${bytesInWords(afterBytes)}`,
        })),
      ],
      warnings: [
        ...(open.length > 0
          ? [`${open.join(', ')} took rows a moment ago: their writers are held for as long as their rows are copied`]
          : []),
        ...(sameRule || terms.fenced
          ? []
          : [
              'Nobody holds the writers back while the rule changes: a producer that tries a block again then sends it to another shard, which does not know it',
            ]),
      ],
      irreversible: [
        ...(sameRule ? [] : ['The new rule stays, also when the run is aborted: the next one goes on by it.']),
        ...(moves.length
          ? ['Each partition’s cutover is its point of no return; going back is a reshard with the former weights.']
          : []),
      ],
      voidIf: ['a server of the cluster is not healthy', 'the platform file changes'],
      data: {
        ...{ cluster, table, distributed: terms.distributed, idle, moves },
        ...{ placed, newRule: !sameRule, held: !sameRule && terms.fenced ? [...terms.open].sort() : [] },
      },
    },
  };
}

/** Every bucket, on the shard of its rule or of most of its rows; an empty one where nobody has a rule for it, in turn. */
function bucketsOf(
  { shares, rowBytes, placed, shards }: ReshardFacts,
  buckets: number,
): { bucket: number; shard: string; rows: number; bytes: number }[] {
  const names = shards.map(({ name }) => name).sort();
  return Array.from({ length: buckets }, (_, bucket) => {
    const held = new Map<string, number>();
    for (const one of shares) if (one.bucket === bucket) held.set(one.shard, (held.get(one.shard) ?? 0) + one.rows);
    const most = [...held].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0];
    const shard = placed?.[bucket] ?? most ?? names[bucket % names.length] ?? '';
    const rows = [...held.values()].reduce((sum, count) => sum + count, 0);
    return { bucket, shard, rows, bytes: Math.round(rows * (rowBytes[most ?? shard] ?? 0)) };
  });
}

/** Whatever lies elsewhere than its bucket, by partition and pair of shards, the oldest partition first. */
function movesOf({ shares }: ReshardFacts, placed: readonly string[]): ReshardMove[] {
  const moves = new Map<string, { move: Omit<ReshardMove, 'rows' | 'buckets'>; buckets: number[]; rows: number }>();
  for (const { shard: from, partition, bucket, rows } of shares) {
    const to = placed[bucket];
    if (to === undefined || to === from || rows === 0) continue;
    const key = `${partition}\n${from}\n${to}`;
    const known = moves.get(key) ?? { move: { partition, from, to }, buckets: [], rows: 0 };
    known.buckets.push(bucket);
    known.rows += rows;
    moves.set(key, known);
  }
  return [...moves.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { move, buckets, rows }]) => ({ ...move, buckets: buckets.sort((a, b) => a - b), rows }));
}

/**
 * One shard's partition that would go to two others: what it gives away first stays in its `detached`, where the second
 * split could not tell it from its own.
 */
function fansOf({ cluster }: ReshardFacts, moves: readonly ReshardMove[]): Finding[] {
  const seen = new Map<string, string>();
  const findings = new Map<string, Finding>();
  for (const { partition, from, to } of moves) {
    const other = seen.get(`${partition}\n${from}`);
    if (other !== undefined) {
      const message = `${from} of ${cluster} would give rows to ${other} and to ${to}: change the weights of one shard at a time`;
      findings.set(from, { code: 'CLICKHOUSE_RESHARD_FANS_OUT', message, place: from });
    }
    seen.set(`${partition}\n${from}`, to);
  }
  return [...findings.values()];
}

function placesInWords(placed: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const shard of placed) counts.set(shard, (counts.get(shard) ?? 0) + 1);
  return [...counts]
    .sort()
    .map(([shard, count]) => `${count} on ${shard}`)
    .join(', ');
}
