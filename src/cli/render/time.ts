/** Milliseconds for people: `340 ms`, `2.4 s`, `3 min 5 s`, `2 h 4 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  // 59,960 ms would be shown as "60.0 s".
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.round(minutes / 1_440)} days`;
}

/** How long ago an instant is. */
export function ago(instant: string, now: number): string {
  return duration(now - Date.parse(instant));
}

/** An instant to the second, UTC: what a log of a server says. */
export function clock(instant: string): string {
  return instant.replace('T', ' ').replace(/(\.\d+)?Z$/, 'Z');
}
