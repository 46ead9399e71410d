import type { PlannedStep, ActionOf, DraftOf, KeyReshardData, ReshardMove } from '../../../runs/index.ts';
import type { KeyReshardFacts, KeyReshardPolicy } from './plan-buckets.ts';
import { planKeyReshard } from './plan-buckets.ts';
import { maxSplits } from './split-findings.ts';
import type { Finding } from '../facts/types.ts';
import { bytesInWords, counted } from '../facts/words.ts';

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
  /** The shard of each bucket that somebody has approved already: it is kept while every shard would have as many. */
  approved?: readonly string[];
};

export type ReshardPlanning =
  { ok: true; draft: DraftOf<'clickhouse.key-reshard', KeyReshardData> } | { ok: false; findings: readonly Finding[] };

/**
 * Facts → the shard of each bucket. A bucket's present shard is the one of the rule if it is one of ours, else where most of
 * its rows are. What moves by itself (rows, bytes, which partitions there are) is no part of what is hashed. Pure.
 */
export function planReshard(facts: ReshardFacts, policy: KeyReshardPolicy, terms: ReshardTerms): ReshardPlanning {
  const now = bucketsOf(facts, terms.buckets);
  const planning = planKeyReshard({ ...facts, buckets: now }, policy);
  if (!planning.ok) return planning;
  const { plan } = planning;
  const fresh = now.map(({ bucket, shard }) => plan.moves.find((move) => move.bucket === bucket)?.to ?? shard);
  const placed = terms.approved && sameCounts(terms.approved, fresh) ? terms.approved : fresh;
  const moves = misplacedRows(facts.shares, placed);
  const fans = fansOf(facts, moves);
  if (fans.length > 0) return { ok: false, findings: fans };
  const sameRule = facts.placed !== undefined && placed.every((shard, bucket) => facts.placed?.[bucket] === shard);
  const idle = sameRule && moves.length === 0;
  const { cluster } = facts;
  const table = `${facts.table.database}.${facts.table.name}`;
  const buckets = now.filter(({ shard, bucket }) => placed[bucket] !== shard);
  return {
    ok: true,
    draft: {
      title: idle
        ? `Nothing to do: every row of ${table} is on the shard of its key`
        : `Bring the rows of ${table} on ${cluster} to the shards of their keys`,
      actions: idle ? [] : actionsOf(terms, sameRule, placed, buckets),
      facts: [
        { label: 'rule now', value: facts.rule },
        ...plan.summary.map((value) => ({ label: 'plan', value })),
        { label: 'rows that go', value: rowsInWords(moves) },
        ...plan.shares.map(({ shard, bucketsBefore, bucketsAfter, beforeBytes, afterBytes }) => ({
          label: shard,
          value: `${bucketsBefore} → ${bucketsAfter} buckets, ${bytesInWords(beforeBytes)} → ${bytesInWords(afterBytes)}`,
        })),
      ],
      warnings: warningsOf(terms, sameRule, moves),
      irreversible: idle
        ? []
        : [
            ...(sameRule ? [] : ['The new rule stays, also when the run is aborted: the next one goes on by it.']),
            'Each partition’s cutover is its point of no return; going back is a reshard with the former weights.',
          ],
      voidIf: ['a server of the cluster is not healthy', 'a changed platform file gives another plan'],
      data: { cluster, table, distributed: terms.distributed, placed, newRule: !sameRule, idle },
    },
  };
}

function sameCounts(one: readonly string[], other: readonly string[]): boolean {
  const sorted = (list: readonly string[]): string => [...list].sort().join();
  return sorted(one) === sorted(other);
}

function actionsOf(
  { distributed, buckets: count, fence }: ReshardTerms,
  sameRule: boolean,
  placed: readonly string[],
  going: readonly { bucket: number; shard: string }[],
): ActionOf<'clickhouse.key-reshard'>[] {
  const flows = new Map<string, number[]>();
  for (const { bucket, shard } of going) {
    const flow = `${shard} → ${placed[bucket] ?? ''}`;
    flows.set(flow, [...(flows.get(flow) ?? []), bucket]);
  }
  const final = (step: PlannedStep<'clickhouse.key-reshard'>, what: string) => ({ step, what, reversible: false });
  const can = (step: PlannedStep<'clickhouse.key-reshard'>, what: string) => ({ step, what, reversible: true });
  return [
    ...(sameRule
      ? []
      : [
          can('clickhouse.find-open', 'see which partitions take rows now'),
          can(
            'clickhouse.hold-ingest',
            `hold the writers of each of them back while the rule changes (ingest ${fence})`,
          ),
          final(
            'clickhouse.switch-rule',
            `Have ${distributed} place new rows by ${counted(count, 'bucket')}: ${placesInWords(placed)}`,
          ),
          final('clickhouse.open-ingest', 'let their writers go on'),
        ]),
    { ...can('clickhouse.find-misplaced', 'find the rows that lie elsewhere'), reversible: sameRule },
    {
      ...can('clickhouse.check-health', 'look at the health of the cluster before each split'),
      reversible: sameRule,
    },
    ...[...flows]
      .sort()
      .map(([flow, list]) =>
        final(
          'clickhouse.split',
          `${flow}: ${counted(list.length, 'bucket')} (${list.join(', ')}), partition by partition (ingest ${fence})`,
        ),
      ),
    final('clickhouse.split', 'whatever else lies elsewhere than its bucket: to the shard of its bucket'),
    can('clickhouse.prove-placement', 'prove: on every shard, no row of another one’s buckets'),
  ];
}

function warningsOf({ open, fenced }: ReshardTerms, sameRule: boolean, moves: readonly ReshardMove[]): string[] {
  const taking = [...new Set(moves.map(({ partition }) => partition))].filter((id) => open.has(id));
  return [
    ...(moves.length > maxSplits
      ? [
          `A run makes ${maxSplits} splits, the oldest partitions first; ${moves.length - maxSplits} are left to the next`,
        ]
      : []),
    ...(taking.length > 0
      ? [`${taking.join(', ')} took rows a moment ago: their writers are held for as long as their rows are copied`]
      : []),
    ...(sameRule || fenced
      ? []
      : [
          'The writers are not held back while the rule changes: a producer that tries a block again may then send it to another shard, which does not know it: its rows would exist twice',
        ]),
  ];
}

function rowsInWords(moves: readonly ReshardMove[]): string {
  const rows = moves.reduce((sum, move) => sum + move.rows, 0);
  const partitions = new Set(moves.map(({ partition }) => partition)).size;
  return `${rows.toLocaleString('en')} in ${counted(partitions, 'partition')}, in ${counted(moves.length, 'split')}`;
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

/** Whatever lies elsewhere than its bucket, by partition and pair of shards, the oldest partition first. Pure. */
export function misplacedRows(shares: readonly BucketShare[], placed: readonly string[]): ReshardMove[] {
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
