import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { ClickHouseMoveResult } from '../../bench/clickhouse-move.ts';
import { benches } from '../../bench/registry.ts';
import { runsTypeScript } from '../../lab/run-typescript.ts';
import { isAlive, remembered } from '../../lab/state.ts';
import { describeWith } from '../support/lab.ts';

const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

type Ended = { code: number | null; stdout: string; stderr: string };

/** `npm run bench -- …`, without npm. */
function bench(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [...runsTypeScript, main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  return {
    child,
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said }))),
  };
}

/** What the bench of this pid has under the temporary folder. */
function foldersOf({ pid }: ChildProcess): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(`gantry-bench-${pid}-`))
    .map((name) => join(tmpdir(), name));
}

test.each([[[]], [['--help']]])('called with %j it lists every bench with what it measures', async (args) => {
  const { code, stdout } = await bench(...args).ended;
  expect(code).toBe(0);
  const lines = stdout.split('\n').map((line) => line.trim().split(/  +/));
  for (const { name, summary } of benches) expect(lines).toContainEqual([name, summary]);
});

test('an unknown name is wrong usage, answered with the list', async () => {
  const { code, stdout, stderr } = await bench('no-such-bench', '--json').ended;
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain('no bench is called no-such-bench');
  for (const { name } of benches) expect(stderr).toContain(name);
});

test('an unknown option is wrong usage, answered with the options that there are', async () => {
  const { code, stderr } = await bench('engine', '--fast').ended;
  expect(code).toBe(2);
  expect(stderr).toContain('--fast');
  expect(stderr).toContain('--quick');
});

test('the help of a bench names the server settings that its figures stand for', async () => {
  const { code, stdout } = await bench('engine', '--help').ended;
  expect(code).toBe(0);
  expect(stdout).toContain('history.transferProcessorMaxPollRPS=2000');
  expect(stdout).toContain('journal_mode=wal');
});

await describeWith(['temporal'], 'the bench engine', () => {
  test('answers one JSON object with its figures, and leaves nothing behind', { timeout: 300_000 }, async () => {
    const { child, ended } = bench('engine', '--quick', '--json');
    const { code, stdout, stderr } = await ended;
    expect(code, stderr).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    for (const key of figures) expect(result[key], key).toEqual(expect.any(Number));
    expect(result).toMatchObject({ bench: 'engine', quick: true, stepsPerRun: 10, activitiesPerRun: 23 });
    // 20 runs are not 500: a sample doesn't claim the figure.
    expect(result['rss500RunsMb']).toBeNull();
    expect(result['settings']).toContain('system.enableActivityEagerExecution=true');
    expect(foldersOf(child)).toEqual([]);
  });

  test('interrupted, it ends what it started and removes its folder', { timeout: 120_000 }, async () => {
    const { child, ended } = bench('engine', '--quick');
    const folder = await firstFolder(child);
    while (remembered(folder).length === 0) await pause(20);
    const started = remembered(folder);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(130);
    expect(started.filter(isAlive)).toEqual([]);
    expect(foldersOf(child)).toEqual([]);
  });
});

await describeWith(['temporal', 'clickhouse'], 'the bench clickhouse-move', () => {
  test(
    'by Gantry nothing is lost, doubled or left wrong, late rows and a kill included; the scripts lose and double',
    { timeout: 600_000 },
    async () => {
      const { child, ended } = bench('clickhouse-move', '--quick', '--json');
      const { code, stdout, stderr } = await ended;
      expect(code, stderr).toBe(0);
      expect(stdout.trim().split('\n')).toHaveLength(1);
      const result = JSON.parse(stdout) as ClickHouseMoveResult;
      const { undisturbed, lateRows, killed } = result;
      expect(result).toMatchObject({ bench: 'clickhouse-move', quick: true });
      for (const { gantry } of [undisturbed, lateRows, killed]) {
        expect(gantry).toMatchObject({ moves: 1, lost: 0, doubled: 0, leftWrong: 0, unfinished: 0 });
      }
      expect(lateRows.gantryQuiet).toMatchObject({ lost: 0, doubled: 0, leftWrong: 0 });
      for (const { transferMbPerS, endToEndMbPerS } of Object.values(undisturbed)) {
        expect(transferMbPerS).toBeGreaterThan(0);
        expect(endToEndMbPerS).toBeGreaterThan(0);
      }
      // One late block after each statement but the last: the drop takes them along.
      expect(lateRows.fetchAttachDrop).toMatchObject({ lost: 2_000, leftWrong: 1 });
      expect(lateRows.insertSelect).toMatchObject({ lost: 1_000, leftWrong: 1 });
      expect(killed.fetchAttachDrop).toMatchObject({ doubled: result.rowsPerMove.otherwise, leftWrong: 1 });
      // Killed between attach and detach: wrong until somebody else takes over, which is not before the heartbeat timeout.
      expect(killed.gantry.rightAgainMs).toBeGreaterThan(0);
      expect(foldersOf(child)).toEqual([]);
    },
  );
});

const figures = [
  'addedMsPerStepP50',
  'addedMsPerStepP95',
  'plainLoopMsPerStepP50',
  'bareActivityMsP50',
  'overBareRatio',
  'activityP95IdleMs',
  'runsPerSecond',
  'eventsPerRun',
  'workerStartMs',
  'rssIdleMb',
  'rssOpenRunsMb',
  'serverCpuMsPerActivity',
];

async function firstFolder(child: ChildProcess): Promise<string> {
  for (;;) {
    const [folder] = foldersOf(child);
    if (folder) return folder;
    await pause(20);
  }
}
