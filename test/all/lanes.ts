import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FileTime } from './table.ts';

/** What runs beside other lanes, in a vitest of its own: vitest cannot bound one project's workers beside another's. */
export type Lane = { name: string; projects: readonly string[] };

/** One ClickHouse cluster at a time, beside tests of other kinds. */
export const lanes: readonly Lane[] = [
  { name: 'clickhouse', projects: ['clickhouse'] },
  { name: 'others', projects: ['unit', 'lab'] },
];

/** After the others: it measures time. */
export const longLane: Lane = { name: 'long', projects: ['long'] };

/** The part of vitest's JSON results that is read here and by scripts/count-tests.js. */
export type Results = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages?: string[] }[];
  }[];
};

export type LaneEnd = { results: Results; times: FileTime[] };

const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const reporter = fileURLToPath(new URL('./times-reporter.ts', import.meta.url));

/** Starts a lane, or those of its files that the filters name; its lines come out whole. `ended` never rejects: a lane that says nothing is a file that failed. */
export function startLane(
  { name, projects }: Lane,
  folder: string,
  filters: readonly string[] = [],
): { child: ChildProcess; ended: Promise<LaneEnd> } {
  const [json, times] = [join(folder, `${name}.json`), join(folder, `${name}-times.json`)];
  const child = spawn(
    process.execPath,
    [
      ...[vitest, 'run', ...filters, ...projects.flatMap((project) => ['--project', project])],
      ...(filters.length > 0 ? ['--passWithNoTests'] : []),
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${json}`, `--reporter=${reporter}`],
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, GANTRY_TIMES: times, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}) },
    },
  );
  createInterface({ input: child.stdout }).on('line', (line) => process.stdout.write(`${line}\n`));
  createInterface({ input: child.stderr }).on('line', (line) => process.stderr.write(`${line}\n`));
  const ended = new Promise<LaneEnd>((resolve) => {
    child.once('close', (code, signal) => {
      const results = read<Results>(json) ?? nothing(name, signal ?? `exit code ${code}`);
      // An error outside of any test fails the run and no test.
      if (code !== 0 && results.numFailedTests === 0 && results.testResults.every(({ status }) => status !== 'failed'))
        results.testResults.push(...nothing(name, 'an error outside of the tests: see above').testResults);
      resolve({ results, times: read<FileTime[]>(times) ?? [] });
    });
  });
  return { child, ended };
}

/** The results of all lanes as those of one run. */
export function merged(ends: readonly LaneEnd[]): Results {
  const sum = (of: (results: Results) => number): number => ends.reduce((total, { results }) => total + of(results), 0);
  return {
    numPassedTests: sum(({ numPassedTests }) => numPassedTests),
    numFailedTests: sum(({ numFailedTests }) => numFailedTests),
    numPendingTests: sum(({ numPendingTests }) => numPendingTests),
    testResults: ends.flatMap(({ results }) => results.testResults),
  };
}

/** Every failure in one line each. */
export function failures({ testResults }: Results): string[] {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((one) => one.status === 'failed');
    if (status === 'failed' && failed.length === 0) return [`${name}: ${firstLine(message)}`];
    return failed.map(({ fullName, failureMessages = [] }) => `${name}: ${fullName}: ${firstLine(failureMessages[0])}`);
  });
}

function firstLine(text = ''): string {
  return text.split('\n')[0] ?? '';
}

function nothing(name: string, why: string): Results {
  const testResults = [{ name: `lane ${name}`, status: 'failed', message: why, assertionResults: [] }];
  return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, testResults };
}

function read<T>(file: string): T | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined;
}
