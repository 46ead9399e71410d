import { loadavg } from 'node:os';

/** The smallest value that at least `share` (0..1) of the values don't exceed. NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const p50 = (values: readonly number[]): number => quantile(values, 0.5);
export const p95 = (values: readonly number[]): number => quantile(values, 0.95);

/** To as many digits after the point as a figure is worth. */
export function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

/** The machine's load average over a minute: others may use it too. */
export function oneMinuteLoad(): number {
  return rounded(loadavg()[0] ?? Number.NaN);
}
