import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pause } from '../../lab/clock.ts';
import type { Role } from '../../workers/all.ts';
import { bundleWorker } from './bundle-worker.ts';
import type { Order, Said, WorkOrder } from './orders.ts';

/** A process with workers of Gantry, that can be cut off at a place. */
export type SweepWorker = {
  readonly pid: number;
  readonly logFile: string;
  /** Begins to poll; resolves when it does. */
  work: (order: WorkOrder) => Promise<void>;
  arm: (place?: string, signal?: NodeJS.Signals) => Promise<void>;
  trace: () => Promise<readonly string[]>;
  /** Resolves when no activity is under way any more, at the latest after `withinMs`. */
  idle: (withinMs: number) => Promise<boolean>;
  /** The signal or exit code that ended it. */
  readonly ended: Promise<string>;
  /** Resolves once the process stands still (SIGSTOP). */
  stopped: () => Promise<void>;
  /** The first retry of an activity in this process from now on. */
  retried: () => Promise<string>;
  wake: () => void;
  kill: () => Promise<void>;
};

const children = new Set<ChildProcess>();
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')));

/** Starts a process that has loaded what workers of these roles need and polls nothing yet: half of what a fresh worker needs. */
export async function startSweepWorker(
  wanted: readonly Role[],
  logFile: string,
  env: Record<string, string>,
): Promise<SweepWorker> {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const child = fork(await bundleWorker(), [...wanted], {
    execArgv: ['--enable-source-maps'],
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  children.add(child);
  const calls = new Map<number, (said: Said) => void>();
  const retries = new Set<(activity: string) => void>();
  let lastId = 0;
  const ended = new Promise<string>((resolve) =>
    child.once('exit', (code, by) => {
      children.delete(child);
      for (const answer of calls.values()) answer({ say: 'failed', error: `the worker ended (${by ?? code})` });
      resolve(by ?? String(code));
    }),
  );
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (said: Said & { id?: number }) => {
      if (said.id !== undefined) {
        calls.get(said.id)?.(said);
        calls.delete(said.id);
      } else if (said.say === 'ready') resolve();
      else if (said.say === 'retried') retries.forEach((hear) => hear(said.activity));
    });
    void ended.then((how) => reject(new Error(`the worker ended (${how}); its log: ${logFile}`)));
  });
  const ask = (order: Order): Promise<Said> =>
    new Promise((resolve, reject) => {
      lastId += 1;
      calls.set(lastId, (said) => (said.say === 'failed' ? reject(new Error(said.error)) : resolve(said)));
      child.send({ id: lastId, ...order }, (error) => error && reject(error));
    });
  const look = async (): Promise<{ places: readonly string[]; busy: number }> => {
    const said = await ask({ do: 'trace' });
    return said.say === 'trace' ? said : { places: [], busy: 0 };
  };
  await ready;
  const pid = child.pid as number;
  return {
    pid,
    logFile,
    ended,
    work: async (order) => void (await ask({ do: 'work', ...order })),
    arm: async (place, signal) =>
      void (await ask({
        do: 'arm',
        ...(place === undefined ? {} : { place }),
        ...(signal === undefined ? {} : { signal }),
      })),
    trace: async () => (await look()).places,
    idle: async (withinMs) => {
      const deadline = Date.now() + withinMs;
      while ((await look()).busy > 0) {
        if (Date.now() > deadline) return false;
        await pause(20);
      }
      return true;
    },
    stopped: async () => {
      while (stateOf(pid) !== 'T') await pause(10);
    },
    retried: () =>
      new Promise((resolve) => {
        const hear = (activity: string): void => {
          retries.delete(hear);
          resolve(activity);
        };
        retries.add(hear);
      }),
    wake: () => void child.kill('SIGCONT'),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** `T` for a stopped process, `gone` for one that has ended. proc(5). */
function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  } catch {
    return 'gone';
  }
}
