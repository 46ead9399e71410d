/** How a level is partitioned. */
export type TierUnit = 'day' | 'month';

/** The time that a partition covers. Epoch milliseconds; `untilMs` is the first instant after it. */
export type TierSpan = { fromMs: number; untilMs: number };

const keyForms: readonly (readonly [RegExp, TierUnit])[] = [
  [/^\(?(toYYYYMMDD|toDate)\(`?\w+`?\)\)?$/, 'day'],
  [/^\(?toYYYYMM\(`?\w+`?\)\)?$/, 'month'],
];

/** A partition key as the server writes it → day or month; undefined for any other. */
export function tierUnit(partitionKey: string): TierUnit | undefined {
  return keyForms.find(([form]) => form.test(partitionKey.trim()))?.[1];
}

/** Twelve hours: the furthest that local midnight is behind that of UTC. */
const behindMs = 12 * 3_600_000;
const aheadMs = 14 * 3_600_000;

/**
 * The span of a partition, from its id (`20260131`, `202601`); undefined for an id of another form. Where the time column
 * doesn't say UTC it is taken as wide as any time zone makes it: kept longer rather than shorter.
 */
export function tierSpan(id: string, timeType: string): TierSpan | undefined {
  const [whole, year, month, day] = /^(\d{4})(\d{2})(\d{2})?$/.exec(id) ?? [];
  if (whole === undefined) return undefined;
  const [y, m, d] = [Number(year), Number(month), day === undefined ? undefined : Number(day)];
  const begin = new Date(Date.UTC(y, m - 1, d ?? 1));
  if (begin.getUTCMonth() !== m - 1 || begin.getUTCDate() !== (d ?? 1)) return undefined;
  const end = d === undefined ? Date.UTC(y, m, 1) : Date.UTC(y, m - 1, d + 1);
  const exact = /'(UTC|Etc\/UTC|GMT)'/.test(timeType);
  return { fromMs: begin.getTime() - (exact ? 0 : aheadMs), untilMs: end + (exact ? 0 : behindMs) };
}

/** Whether two partitions of any unit share a day, by their ids: `20260131` and `202601` do. */
export function sharesDays(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}
