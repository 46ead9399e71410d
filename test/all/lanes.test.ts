import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { failures, merged, startLane } from './lanes.ts';
import type { Results } from './lanes.ts';

test('a lane that ends without results counts as a file that failed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-lanes-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const results = merged([await startLane({ name: 'lost', projects: ['no-such-project'] }, folder).ended]);
  expect(results).toMatchObject({ numPassedTests: 0, testResults: [{ status: 'failed', assertionResults: [] }] });
  expect(failures(results)).toEqual(['lane lost: exit code 1']);
});

test('lanes are counted together, and their failures told in a line each', () => {
  const lane = (numFailedTests: number, testResults: Results['testResults']): Results => ({
    ...{ numPassedTests: 2, numFailedTests, numPendingTests: 1, testResults },
  });
  const assertionResults = [
    { fullName: 'adds', status: 'failed', failureMessages: ['expected 3 to be 4\n  at sum.test.ts:1'] },
    { fullName: 'subtracts', status: 'passed' },
  ];
  const broken = { name: 'b.test.ts', status: 'failed', message: 'cannot be loaded', assertionResults: [] };
  const results = merged([
    { results: lane(1, [{ name: 'a.test.ts', status: 'failed', message: '', assertionResults }]), times: [] },
    { results: lane(0, [broken]), times: [] },
  ]);
  expect(results).toMatchObject({ numPassedTests: 4, numFailedTests: 1, numPendingTests: 2 });
  expect(failures(results)).toEqual(['a.test.ts: adds: expected 3 to be 4', 'b.test.ts: cannot be loaded']);
});
