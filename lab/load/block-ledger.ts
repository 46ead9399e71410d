import { monotonicMs, pause } from '../clock.ts';
import type { ClickHouseAddress } from '../clickhouse/client.ts';
import { clickhouseRows } from '../clickhouse/client.ts';
import { rowsPerBlock } from './clickhouse-events.ts';

/** Whether the server acknowledged a block, or nobody knows (no attempt was answered), or it is on its way. */
type Fate = 'in flight' | 'acknowledged' | 'unknown';

/** What came of the comparison of what was acknowledged with what is there. */
export type BlocksVerdict = {
  acknowledgedRows: number;
  visibleRows: number;
  /** Acknowledged and not there. */
  lostRows: number;
  /** There more than once. */
  doubledRows: number;
  /** There, never sent by anybody who keeps this ledger. */
  foreignRows: number;
  /** The blocks that are not as they must be; at most 20. */
  examples: readonly { block: number; fate: Fate | 'never sent'; rows: number; distinct: number }[];
};

/** Every block that was ever sent, by its number. */
export type BlockLedger = {
  /** The next number that nobody has. */
  reserve(blocks: number): number;
  send(block: number, day: string): void;
  settle(block: number, fate: 'acknowledged' | 'unknown'): void;
  acknowledged(): number;
  unknown(): number;
  /** Rows of a day that must be visible (`low`) and that may be (`high`: those in flight and unknown added). */
  bounds(day: string): { low: number; high: number };
  /**
   * Compares with what a server shows, through the Distributed table or its own. What is missing is asked for again for
   * `behindMs`, 5,000 unless given: the replica that answers may be behind the one that took a block; what is lost stays lost.
   */
  verify(server: ClickHouseAddress, table: string, behindMs?: number): Promise<BlocksVerdict>;
};

/** An empty ledger. */
export function createBlockLedger(): BlockLedger {
  const blocks = new Map<number, { day: string; fate: Fate }>();
  const days = new Map<string, Record<Fate, number>>();
  let next = 0;
  const dayOf = (day: string): Record<Fate, number> => {
    const counts = days.get(day) ?? { 'in flight': 0, acknowledged: 0, unknown: 0 };
    days.set(day, counts);
    return counts;
  };
  const total = (fate: Fate): number => [...days.values()].reduce((sum, counts) => sum + counts[fate], 0);
  return {
    reserve(count) {
      next += count;
      return next - count;
    },
    send(block, day) {
      blocks.set(block, { day, fate: 'in flight' });
      dayOf(day)['in flight'] += 1;
    },
    settle(block, fate) {
      const entry = blocks.get(block);
      if (entry?.fate !== 'in flight') throw new RangeError(`block ${block} is not in flight`);
      dayOf(entry.day)['in flight'] -= 1;
      dayOf(entry.day)[fate] += 1;
      entry.fate = fate;
    },
    acknowledged: () => total('acknowledged'),
    unknown: () => total('unknown'),
    bounds(day) {
      const counts = dayOf(day);
      const low = counts.acknowledged * rowsPerBlock;
      return { low, high: low + (counts['in flight'] + counts.unknown) * rowsPerBlock };
    },
    async verify(server, table, behindMs = 5_000) {
      const deadline = monotonicMs() + behindMs;
      for (;;) {
        const verdict = compare(blocks, await seenThrough(server, table));
        if (verdict.lostRows === 0 || monotonicMs() >= deadline) return verdict;
        await pause(100);
      }
    },
  };
}

async function seenThrough(
  server: ClickHouseAddress,
  table: string,
): Promise<ReadonlyMap<number, { rows: number; distinct: number }>> {
  const rows = await clickhouseRows<{ block: string; rows: string; distinct: string }>(
    server,
    `SELECT intDiv(id, ${rowsPerBlock}) AS block, count() AS rows, uniqExact(id) AS distinct FROM ${table} GROUP BY block`,
    { settings: { load_balancing: 'in_order' }, timeoutMs: 300_000 },
  );
  return new Map(
    rows.map(({ block, ...counts }) => [
      Number(block),
      { rows: Number(counts.rows), distinct: Number(counts.distinct) },
    ]),
  );
}

function compare(
  blocks: ReadonlyMap<number, { fate: Fate }>,
  seen: ReadonlyMap<number, { rows: number; distinct: number }>,
): BlocksVerdict {
  const verdict = { acknowledgedRows: 0, visibleRows: 0, lostRows: 0, doubledRows: 0, foreignRows: 0 };
  const examples: BlocksVerdict['examples'][number][] = [];
  for (const [block, { fate }] of blocks) {
    const { rows, distinct } = seen.get(block) ?? { rows: 0, distinct: 0 };
    if (fate === 'acknowledged') {
      verdict.acknowledgedRows += rowsPerBlock;
      verdict.lostRows += rowsPerBlock - distinct;
    }
    verdict.doubledRows += rows - distinct;
    const whole = distinct === rowsPerBlock || (distinct === 0 && fate !== 'acknowledged');
    if (!whole || rows !== distinct) examples.push({ block, fate, rows, distinct });
  }
  for (const [block, { rows, distinct }] of seen) {
    verdict.visibleRows += rows;
    if (blocks.has(block)) continue;
    verdict.foreignRows += rows;
    examples.push({ block, fate: 'never sent', rows, distinct });
  }
  return { ...verdict, examples: examples.slice(0, 20) };
}
