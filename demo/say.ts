import { columns, pad } from '../src/cli/render/paint.ts';

const started = Date.now();

/** A line of the demo, with the seconds since it began. */
export function say(line: string): void {
  console.log(line === '' ? '' : `${((Date.now() - started) / 1000).toFixed(1).padStart(5)}  ${line}`);
}

export function title(text: string): void {
  console.log(`\n${text}\n${'─'.repeat(text.length)}`);
}

/** Two columns. */
export function table(rows: readonly (readonly [string, string])[]): void {
  const width = Math.max(...rows.map(([left]) => columns(left)));
  for (const [left, right] of rows) console.log(`  ${pad(left, width)}  ${right}`);
}
