import type { KeyReshardPlan } from '../../../runs/index.ts';
import { clusterFindings } from '../facts/findings.ts';
import type { Finding, TableFacts } from '../facts/types.ts';
import { bytesInWords, counted } from '../facts/words.ts';

/** A bucket of a table's keys, `hash(key) % buckets`: on which shard the Distributed table looks for it, and its size. */
export type BucketFacts = { bucket: number; shard: string; rows: number; bytes: number };

export type KeyReshardFacts = {
  cluster: string;
  table: TableFacts;
  /** How many buckets there are. All are listed, empty ones too. */
  buckets: readonly BucketFacts[];
  /** The shards as they are to be: a new one is in it already, one of weight 0 is to be emptied. */
  shards: readonly { name: string; weight: number; freeBytes: number }[];
};

export type KeyReshardPolicy = {
  /** What a bucket needs on its destination while it is copied, in multiples of its bytes. */
  stagingFactor: number;
  copyBytesPerSecond: number;
  bucketOverheadMs: number;
};

export type KeyReshardPlanning = { ok: true; plan: KeyReshardPlan } | { ok: false; findings: readonly Finding[] };

/**
 * Which buckets change their shard when the number or the weight of the shards changes: every shard gets its share of the
 * buckets, as a whole number, and no bucket moves that does not have to. A hash spreads keys evenly over many buckets, so
 * that counting them is fair; of those that a shard gives away the lightest go. Pure, and independent of the facts' order.
 */
export function planKeyReshard(facts: KeyReshardFacts, policy: KeyReshardPolicy): KeyReshardPlanning {
  const findings = findingsOf(facts);
  if (findings.length) return { ok: false, findings };

  const shards = [...facts.shards].sort((a, b) => (a.name < b.name ? -1 : 1));
  const buckets = [...facts.buckets].sort((a, b) => a.bucket - b.bucket);
  const held = new Map(shards.map(({ name }) => [name, buckets.filter(({ shard }) => shard === name)]));
  const due = seats(
    shards.map(({ name, weight }) => ({ name, weight, held: held.get(name)?.length ?? 0 })),
    buckets.length,
  );
  const giving = shards.flatMap(({ name }) => {
    const mine = [...(held.get(name) ?? [])].sort((a, b) => a.bytes - b.bytes || a.bucket - b.bucket);
    return mine.slice(0, Math.max(0, mine.length - (due.get(name) ?? 0)));
  });
  const wanting = new Map(shards.map(({ name }) => [name, (due.get(name) ?? 0) - (held.get(name)?.length ?? 0)]));
  const coming = new Map(shards.map(({ name }) => [name, 0]));
  const moves: KeyReshardPlan['moves'][number][] = [];
  // The heaviest first, each to whom the fewest bytes have come so far, as seen by its weight.
  for (const one of giving.sort((a, b) => b.bytes - a.bytes || a.bucket - b.bucket)) {
    const [to] = shards
      .filter(({ name }) => (wanting.get(name) ?? 0) > 0)
      .sort((a, b) => (coming.get(a.name) ?? 0) / a.weight - (coming.get(b.name) ?? 0) / b.weight);
    if (!to) break;
    wanting.set(to.name, (wanting.get(to.name) ?? 0) - 1);
    coming.set(to.name, (coming.get(to.name) ?? 0) + one.bytes);
    const takesMs = Math.round(policy.bucketOverheadMs + (one.bytes / policy.copyBytesPerSecond) * 1000);
    moves.push({ bucket: one.bucket, from: one.shard, to: to.name, rows: one.rows, bytes: one.bytes, takesMs });
  }
  const tight = shards.flatMap(({ name, freeBytes }): Finding[] => {
    const here = moves.filter(({ to }) => to === name);
    const largest = Math.max(0, ...here.map(({ bytes }) => bytes));
    const need = sumOf(here) + (policy.stagingFactor - 1) * largest;
    if (need <= freeBytes) return [];
    const message = `${name} would get ${bytesInWords(sumOf(here))} and needs ${bytesInWords(need)}; ${bytesInWords(freeBytes)} are free`;
    return [{ code: 'CLICKHOUSE_NO_ROOM', message, place: name }];
  });
  if (tight.length) return { ok: false, findings: tight };
  return { ok: true, plan: planOf(facts, shards, moves, due) };
}

function planOf(
  { cluster, table, buckets }: KeyReshardFacts,
  shards: KeyReshardFacts['shards'],
  moves: KeyReshardPlan['moves'],
  due: ReadonlyMap<string, number>,
): KeyReshardPlan {
  const movedBytes = sumOf(moves);
  const all = sumOf(buckets);
  return {
    cluster,
    table: `${table.database}.${table.name}`,
    key: table.sharding.kind === 'key' ? table.sharding.expression : '',
    moves,
    shares: shards.map(({ name, weight }) => {
      const before = buckets.filter(({ shard }) => shard === name);
      const beforeBytes = sumOf(before);
      const out = sumOf(moves.filter(({ from }) => from === name));
      const into = sumOf(moves.filter(({ to }) => to === name));
      return {
        shard: name,
        weight,
        bucketsBefore: before.length,
        bucketsAfter: due.get(name) ?? 0,
        beforeBytes,
        afterBytes: beforeBytes - out + into,
      };
    }),
    movedBytes,
    movedRows: moves.reduce((sum, { rows }) => sum + rows, 0),
    durationMs: moves.reduce((sum, { takesMs }) => sum + takesMs, 0),
    summary: moves.length
      ? [
          `${counted(moves.length, 'bucket')} of ${buckets.length} (${bytesInWords(movedBytes)} of ${bytesInWords(all)}) change their shard; all others stay where they are`,
        ]
      : ['every shard has its share of the buckets: nothing is moved'],
  };
}

/**
 * How many buckets each shard is to have: its share by weight, rounded down, and the rest to those whose fraction is
 * largest; of equal fractions to those who hold more now, because they then give away one less.
 */
function seats(
  shards: readonly { name: string; weight: number; held: number }[],
  buckets: number,
): ReadonlyMap<string, number> {
  const weights = shards.reduce((sum, { weight }) => sum + weight, 0);
  const shares = shards.map(({ name, weight, held }) => {
    const share = (buckets * weight) / weights;
    return { name, held, whole: Math.floor(share), part: share - Math.floor(share) };
  });
  const rest = buckets - shares.reduce((sum, { whole }) => sum + whole, 0);
  const lucky = [...shares]
    .sort((a, b) => b.part - a.part || b.held - b.whole - (a.held - a.whole) || (a.name < b.name ? -1 : 1))
    .slice(0, rest)
    .map(({ name }) => name);
  return new Map(shares.map(({ name, whole }) => [name, lucky.includes(name) ? whole + 1 : whole]));
}

function findingsOf({ table, shards, buckets }: KeyReshardFacts): Finding[] {
  const place = `${table.database}.${table.name}`;
  const findings = clusterFindings(shards);
  if (table.sharding.kind !== 'key') {
    const message = `${place} places its rows at random: they have no shard of their own`;
    findings.unshift({ code: 'CLICKHOUSE_NOT_KEY_SHARDED', message, place });
  }
  const names = new Set(shards.map(({ name }) => name));
  for (const { bucket, shard } of buckets) {
    if (names.has(shard)) continue;
    const message = `bucket ${bucket} lies on ${shard}, which is not among the shards`;
    findings.push({ code: 'CLICKHOUSE_BAD_FACTS', message, place: shard });
  }
  if (new Set(buckets.map(({ bucket }) => bucket)).size !== buckets.length) {
    findings.push({ code: 'CLICKHOUSE_BAD_FACTS', message: 'a bucket is listed twice', place });
  }
  return findings;
}

function sumOf(list: readonly { bytes: number }[]): number {
  return list.reduce((sum, { bytes }) => sum + bytes, 0);
}
