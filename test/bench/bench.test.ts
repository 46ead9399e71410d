import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Asked } from '../../bench/command.ts';
import { readCommand } from '../../bench/command.ts';
import { benches } from '../../bench/registry.ts';
import { isAlive, remembered } from '../../lab/state.ts';
import { describeWith } from '../support/lab.ts';
import { bench, foldersOf } from './run-bench.ts';

test('called with --help it lists every bench with what it measures', async () => {
  const { code, stdout } = await bench('--help').ended;
  expect(code).toBe(0);
  const lines = stdout.split('\n').map((line) => line.trim().split(/  +/));
  for (const { name, summary } of benches) expect(lines).toContainEqual([name, summary]);
  expect(readCommand([], benches)).toEqual(readCommand(['--help'], benches));
});

test('an unknown name is wrong usage, answered with the list', async () => {
  const { code, stdout, stderr } = await bench('no-such-bench', '--json').ended;
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain('no bench is called no-such-bench');
  for (const { name } of benches) expect(stderr).toContain(name);
});

test('an unknown option is wrong usage, answered with the options that there are', () => {
  const asked = readCommand(['engine', '--fast'], benches);
  expect(asked.kind).toBe('wrong');
  expect(linesOf(asked).join('\n')).toMatch(/--fast[^]*--quick/);
});

test('the help of a bench names the server settings that its figures stand for', () => {
  const asked = readCommand(['engine', '--help'], benches);
  expect(asked.kind).toBe('help');
  expect(linesOf(asked).join('\n')).toContain('history.transferProcessorMaxPollRPS=2000');
  expect(linesOf(asked).join('\n')).toContain('journal_mode=wal');
});

function linesOf(asked: Asked): readonly string[] {
  return asked.kind === 'run' ? [] : asked.lines;
}

await describeWith(['temporal'], 'the bench engine', () => {
  test('answers one JSON object with its figures, and leaves nothing behind', async () => {
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

  test('interrupted, it ends what it started and removes its folder', async () => {
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
