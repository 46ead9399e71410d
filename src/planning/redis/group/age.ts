/**
 * How long ago something was, both by one clock; undefined for what lies ahead of it: a negative age is none. Milliseconds.
 *
 * @param at an ISO instant
 */
export function ageOf(at: string | undefined, nowMs: number): number | undefined {
  const ms = at === undefined ? NaN : nowMs - Date.parse(at);
  return ms >= 0 ? ms : undefined;
}

/** Whole seconds, in words. */
export function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
