import type { DayFigures, RollupReading } from './types.ts';

/** A figure that a level and the next one don't agree on. `print`: the totals are equal, but not for every key. */
export type RollupDifference = { day: string; figure: string; here: string; next: string; print?: true };

export type RollupVerdict = {
  equal: boolean;
  /** How many rows of the first level the partition stands for. */
  rows: string;
  differences: readonly RollupDifference[];
};

/** Whether the next level adds up to this one, on every day. Nothing read is no proof. Pure. */
export function compareRollup({ figures, here, next }: RollupReading): RollupVerdict {
  const mine = byDay(here.flatMap(({ days }) => days));
  const theirs = byDay(next);
  const days = [...new Set([...mine.keys(), ...theirs.keys()])].sort();
  const differences = days.flatMap((day) => differencesOf(day, figures, mine.get(day), theirs.get(day)));
  const rows = sum([...mine.values()].map(({ totals }) => totals[0] ?? 0n));
  return { equal: differences.length === 0 && rows > 0n, rows: rows.toString(), differences };
}

/** For people, both figures: `2026-01-31: count 150 here, 149 in metrics.samples_m5`. */
export function differenceInWords({ day, figure, here, next, print }: RollupDifference, nextTable: string): string {
  const date = day.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
  return print
    ? `${date}: ${figure} ${here} in both, but not of the same keys`
    : `${date}: ${figure} ${here} here, ${next} in ${nextTable}`;
}

/** The figures of several shards, or several readings of one day, as one: they are made to be added. */
export function addUp(days: readonly DayFigures[]): DayFigures[] {
  return [...byDay(days)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, { totals, prints }]) => ({ day, totals: totals.map(String), prints: prints.map(String) }));
}

type Figures = { totals: bigint[]; prints: bigint[] };

function byDay(days: readonly DayFigures[]): Map<string, Figures> {
  const map = new Map<string, Figures>();
  for (const { day, totals, prints } of days) {
    const held = map.get(day) ?? { totals: totals.map(() => 0n), prints: prints.map(() => 0n) };
    map.set(day, { totals: added(held.totals, totals), prints: added(held.prints, prints) });
  }
  return map;
}

function added(held: readonly bigint[], more: readonly string[]): bigint[] {
  return more.map((text, at) => BigInt.asUintN(64, (held[at] ?? 0n) + BigInt(text)));
}

function differencesOf(
  day: string,
  figures: readonly string[],
  here: Figures | undefined,
  next: Figures | undefined,
): RollupDifference[] {
  return figures.flatMap((figure, at): RollupDifference[] => {
    const [a, b] = [here?.totals[at] ?? 0n, next?.totals[at] ?? 0n];
    const shown = { day, figure, here: signed(a), next: signed(b) };
    if (a !== b) return [shown];
    return (here?.prints[at] ?? 0n) === (next?.prints[at] ?? 0n) ? [] : [{ ...shown, print: true }];
  });
}

function signed(value: bigint): string {
  return BigInt.asIntN(64, value).toString();
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
