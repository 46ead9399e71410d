import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { monotonicMs } from '../../lab/clock.ts';
import { labDown, labStatus } from '../../lab/index.ts';
import { handleOf, startProcess } from '../../lab/process.ts';
import type { ProcessRecord } from '../../lab/state.ts';
import { identityOf, isAlive, remember } from '../../lab/state.ts';
import { labFolder } from '../support/lab.ts';

/** A process that isn't the lab's. */
function bystander(): { pid: number; startTicks: string; bootId: string } {
  const child = spawn('sleep', ['60']);
  onTestFinished(() => void child.kill('SIGKILL'));
  const pid = child.pid as number;
  const identity = identityOf(pid);
  if (!identity) throw new Error('it should run');
  return { pid, ...identity };
}

function recordOf(identity: Pick<ProcessRecord, 'pid' | 'startTicks' | 'bootId'>): ProcessRecord {
  return { name: 'old', part: 'redis', ports: [], logFile: '/dev/null', endpoints: {}, ...identity };
}

const sleeper = (stateDir: string, script: string, readyFile?: string) =>
  startProcess({
    ...{ stateDir, name: 'sleeper', part: 'test', command: 'sh', args: ['-c', script] },
    ready: async () => readyFile === undefined || existsSync(readyFile),
  });

describe("the lab's records", () => {
  test('never kill a process that got the pid of one of ours later', async () => {
    const stateDir = labFolder();
    const other = bystander();
    remember(stateDir, recordOf({ ...other, startTicks: '1' }));
    expect(labStatus({ stateDir }).map((process) => process.running)).toEqual([false]);
    await labDown({ stateDir });
    expect(isAlive(other)).toBe(true);
    expect(labStatus({ stateDir })).toEqual([]);
  });

  test('never kill a process by a record of before the last boot', async () => {
    const stateDir = labFolder();
    const other = bystander();
    remember(stateDir, recordOf({ ...other, bootId: 'another' }));
    await labDown({ stateDir });
    expect(isAlive(other)).toBe(true);
  });

  test('end a process that another run started and left', async () => {
    const stateDir = labFolder();
    const started = await sleeper(stateDir, 'exec sleep 60');
    await labDown({ stateDir });
    expect(started.isRunning()).toBe(false);
  });
});

describe('a process of the lab', () => {
  test('is ended even when it is frozen', async () => {
    const started = await sleeper(labFolder(), 'exec sleep 60');
    started.freeze();
    await started.stop();
    expect(started.isRunning()).toBe(false);
  });

  test('is killed once it has ignored the request to end for too long', async () => {
    const stateDir = labFolder();
    const up = join(stateDir, 'up'); // the trap is set by then
    const started = await sleeper(stateDir, `trap "" TERM; touch ${up}; while :; do sleep 0.1; done`, up);
    const askedMs = monotonicMs();
    await handleOf(stateDir, started.record).stop(500);
    expect(started.isRunning()).toBe(false);
    expect(monotonicMs() - askedMs).toBeGreaterThan(450);
  });

  test('that ends at once is reported with the tail of its log', async () => {
    const start = startProcess({
      ...{
        stateDir: labFolder(),
        name: 'broken',
        part: 'test',
        command: 'sh',
        args: ['-c', 'echo no such disk; exit 3'],
      },
      ready: async () => false,
    });
    await expect(start).rejects.toMatchObject({ code: 'LAB_PART_FAILED', evidence: { log: ['no such disk'] } });
  });
});
