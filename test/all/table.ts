import { domainMinutes, domainOf, furtherDomainMinutes, wholeMinutes } from './budget.ts';

/** One test file, as times-reporter.ts writes it down. */
export type FileTime = { file: string; tests: number; ms: number };

/** What the run took, by domain and against the budget. `over`: what took longer than it may, in words. */
export function timesTable(
  files: readonly FileTime[],
  wallMs: number,
  known: readonly string[],
): { lines: string[]; over: string[] } {
  const rows = new Map<string, { files: number; tests: number; ms: number }>();
  for (const { file, tests, ms } of files) {
    const domain = domainOf(file, known);
    const row = rows.get(domain) ?? { files: 0, tests: 0, ms: 0 };
    rows.set(domain, { files: row.files + 1, tests: row.tests + tests, ms: row.ms + ms });
  }
  const all = files.reduce((sum, { ms }) => sum + ms, 0);
  const sorted = [...rows].sort(([, one], [, other]) => other.ms - one.ms);
  const line = (cells: readonly (string | number)[]): string =>
    cells.map((cell, at) => (at === 0 ? String(cell).padEnd(12) : String(cell).padStart(9))).join('');
  const over: string[] = [];
  const lines = [line(['domain', 'files', 'tests', 'took', 'share', 'budget'])];
  for (const [domain, { files: count, tests, ms }] of sorted) {
    const minutes = domainMinutes[domain] ?? furtherDomainMinutes;
    if (ms > minutes * 60_000) over.push(`${domain} took ${clock(ms)}, its budget is ${clock(minutes * 60_000)}`);
    const share = `${Math.round((100 * ms) / Math.max(1, all))} %`;
    lines.push(line([domain, count, tests, clock(ms), share, clock(minutes * 60_000)]));
  }
  const whole = wholeMinutes * 60_000;
  if (wallMs > whole) over.push(`the whole took ${clock(wallMs)}, its budget is ${clock(whole)}`);
  lines.push(line(['whole', files.length, sum(files), clock(wallMs), '', clock(whole)]));
  return { lines, over };
}

function sum(files: readonly FileTime[]): number {
  return files.reduce((total, { tests }) => total + tests, 0);
}

/** `12:05`, in minutes and seconds. */
function clock(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
