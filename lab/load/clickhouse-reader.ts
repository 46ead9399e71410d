import { monotonicMs, pause } from '../clock.ts';
import type { ClickHouseAddress } from '../clickhouse/client.ts';
import { clickhouseRows } from '../clickhouse/client.ts';

export type TotalsReaderOptions = {
  /** Asked through its Distributed table. Its own replica is the one that is read of its shard. */
  server: ClickHouseAddress;
  /** `db.events_all`. */
  table: string;
  days: readonly string[];
  /** What a day's count may be: `low` is taken before the question is sent, `high` after its answer. */
  bounds: (day: string) => { low: number; high: number };
  /** Between two questions; 5 unless given. */
  everyMs?: number;
};

/**
 * A stretch of time in which a day's total was wrong. It begins with the last answer that was right and ends with the first
 * that is right again: never shorter than what a reader could see.
 */
export type WrongTotal = {
  day: string;
  fromMs: number;
  toMs: number;
  ms: number;
  /** Answers that were wrong. */
  answers: number;
  /** How far off at worst: rows too many (positive) and rows missing (negative). */
  over: number;
  under: number;
};

export type TotalsReader = {
  /** Questions answered so far. */
  readonly answers: number;
  /** Questions that failed: no answer is not a wrong one. */
  readonly failures: number;
  /** What was wrong so far; an open stretch counts up to now. */
  wrong(): readonly WrongTotal[];
  stop(): Promise<readonly WrongTotal[]>;
};

/** Asks for the totals of days, all in one question, one question after the other until it is stopped. */
export function startTotalsReader(options: TotalsReaderOptions): TotalsReader {
  const { server, table, days, bounds, everyMs = 5 } = options;
  const open = new Map<string, WrongTotal>();
  const closed: WrongTotal[] = [];
  const lastRight = new Map<string, number>(days.map((day) => [day, monotonicMs()]));
  let [answers, failures, running] = [0, 0, true];

  const judge = (day: string, total: number, low: number, answeredMs: number): void => {
    const { high } = bounds(day);
    const stretch = open.get(day);
    if (total >= low && total <= high) {
      if (stretch) closed.push(ended(stretch, answeredMs));
      open.delete(day);
      lastRight.set(day, answeredMs);
      return;
    }
    const fromMs = stretch?.fromMs ?? lastRight.get(day) ?? answeredMs;
    open.set(day, {
      ...{ day, fromMs, toMs: answeredMs, ms: answeredMs - fromMs, answers: (stretch?.answers ?? 0) + 1 },
      over: Math.max(stretch?.over ?? 0, total - high),
      under: Math.min(stretch?.under ?? 0, total - low),
    });
  };
  const ask = async (): Promise<void> => {
    const lows = new Map(days.map((day) => [day, bounds(day).low]));
    try {
      const rows = await clickhouseRows<{ day: string; total: string }>(
        server,
        `SELECT toString(day) AS day, count() AS total FROM ${table} WHERE day IN (${days.map((day) => `'${day}'`).join(', ')}) GROUP BY day`,
        // The first replica of each shard, where the inserter writes first: another one may lag without anything being wrong.
        { settings: { load_balancing: 'in_order' }, timeoutMs: 10_000 },
      );
      const answeredMs = monotonicMs();
      const totals = new Map(rows.map(({ day, total }) => [day, Number(total)]));
      answers += 1;
      for (const day of days) judge(day, totals.get(day) ?? 0, lows.get(day) ?? 0, answeredMs);
    } catch {
      failures += 1;
    }
  };
  const loop = (async () => {
    while (running) {
      await ask();
      await pause(everyMs);
    }
  })();
  const wrong = (): WrongTotal[] => [...closed, ...[...open.values()].map((stretch) => ended(stretch, monotonicMs()))];
  return {
    get answers() {
      return answers;
    },
    get failures() {
      return failures;
    },
    wrong,
    async stop() {
      running = false;
      await loop;
      return wrong();
    },
  };
}

function ended(stretch: WrongTotal, toMs: number): WrongTotal {
  return { ...stretch, toMs, ms: toMs - stretch.fromMs };
}
