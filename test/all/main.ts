import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { domains } from './budget.ts';
import type { Lane, LaneEnd } from './lanes.ts';
import { failures, lanes, longLane, merged, startLane } from './lanes.ts';
import { timesTable } from './table.ts';

// node --import tsx test/all/main.ts [--all] [part of a path]…: every test, or those of `make test-all` too, in lanes beside
// each other; then the failures, and the times by domain. The results are in .gantry/test-results.json, as vitest's own.

const filters = process.argv.slice(2).filter((argument) => argument !== '--all');
const folder = resolve('.gantry', 'test-lanes');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const startedMs = performance.now();
let interrupted = false;
const ends = await together(lanes);
const wallMs = performance.now() - startedMs;
if (process.argv.includes('--all') && !interrupted) ends.push(...(await together([longLane])));

const results = merged(ends);
writeFileSync(join('.gantry', 'test-results.json'), JSON.stringify(results));
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const failed = failures(results);
if (failed.length > 0) say(`\nFailed:\n${failed.map((line) => `  ${line}`).join('\n')}`);
const { lines, over } = timesTable(
  ends.flatMap(({ times }) => times),
  wallMs,
  domains('workflows'),
);
say(`\n${lines.join('\n')}`);
for (const line of over)
  say(`WARNING, over budget: ${line} (test/all/budget.ts; load ${loadavg()[0]?.toFixed(1)} now)`);
process.exit(interrupted ? 130 : failed.length > 0 || results.numPassedTests === 0 ? 1 : 0);

async function together(some: readonly Lane[]): Promise<LaneEnd[]> {
  const running = some.map((lane) => startLane(lane, folder, filters));
  const interrupt = (): void => {
    interrupted = true;
    for (const { child } of running) child.kill('SIGINT');
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  return Promise.all(running.map(({ ended }) => ended)).finally(() => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, interrupt);
  });
}
