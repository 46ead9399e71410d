import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GantryError } from '../src/errors/index.ts';
import { monotonicMs, patience, pause } from './clock.ts';
import { onPath } from './programs.ts';
import type { ProcessRecord } from './state.ts';
import { forget, identityOf, isAlive, remember, signal } from './state.ts';

export type StartOptions = {
  stateDir: string;
  /** Unique under the state folder; also the name of its log. */
  name: string;
  /** The part of the lab that it belongs to. */
  part: string;
  command: string;
  args: readonly string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  ports?: readonly number[];
  /** What `gantry lab status` shows. */
  endpoints?: Readonly<Record<string, unknown>>;
  /** Outlives the process that starts it. Otherwise it dies with it, even when that one is killed. */
  detached?: boolean;
  /** Resolves truthy when the part answers; asked again until then. */
  ready: () => Promise<unknown>;
  /** How long it may take to answer on a quiet machine; `patience` times as long on a busy one. */
  readyWithinMs?: number;
};

export type LabProcess = {
  readonly record: ProcessRecord;
  readonly pid: number;
  isRunning(): boolean;
  /** SIGTERM, then SIGKILL once `withinMs` have passed (a frozen process is thawed first). */
  stop(withinMs?: number): Promise<void>;
  /** SIGKILL: what a crash looks like. */
  kill(): Promise<void>;
  /** SIGSTOP: alive for the kernel, silent for everyone else. */
  freeze(): void;
  thaw(): void;
};

/**
 * Starts a program with its own log and waits until it answers. The log is `<stateDir>/log/<name>.log`.
 * @throws GantryError LAB_PART_FAILED when it ends or stays silent; the tail of its log is in the evidence, and it is dead
 */
export async function startProcess(options: StartOptions): Promise<LabProcess> {
  const logFile = join(options.stateDir, 'log', `${options.name}.log`);
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const [command, args] = options.detached ? [options.command, options.args] : tied(options.command, options.args);
  const child = spawn(command, args, {
    stdio: ['ignore', log, log],
    detached: options.detached === true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  closeSync(log);
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, by) => (ended = by ?? `exit code ${code}`));
  if (options.detached) child.unref();

  const deadline = monotonicMs() + (options.readyWithinMs ?? 20_000) * patience;
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  while (identity && ended === undefined && monotonicMs() < deadline) {
    if (await options.ready().catch(() => false)) {
      if (ended !== undefined) break; // something else answered on its port
      const { name, part } = options;
      const record: ProcessRecord = {
        ...{ name, part, ...identity, pid: child.pid as number, logFile },
        ports: [...(options.ports ?? [])],
        endpoints: { ...options.endpoints },
      };
      remember(options.stateDir, record);
      return handleOf(options.stateDir, record);
    }
    await pause(20);
  }
  child.kill('SIGKILL');
  const why = ended === undefined ? 'did not answer in time' : `ended (${ended})`;
  const lastWords = tail(logFile);
  const said = lastWords.at(-1) ?? 'nothing';
  throw new GantryError('LAB_PART_FAILED', `${options.name} ${why}, its last words: ${said}; its log: ${logFile}`, {
    evidence: { name: options.name, why, logFile, log: lastWords },
  });
}

/** A process of the lab by its record, whoever started it. */
export function handleOf(stateDir: string, record: ProcessRecord): LabProcess {
  const gone = async (withinMs: number): Promise<boolean> => {
    const deadline = monotonicMs() + withinMs;
    while (isAlive(record)) {
      if (monotonicMs() >= deadline) return false;
      await pause(5);
    }
    forget(stateDir, record.name);
    return true;
  };
  const kill = async (): Promise<void> => {
    signal(record, 'SIGKILL');
    if (await gone(10_000 * patience)) return;
    throw new GantryError('LAB_PART_FAILED', `${record.name} (pid ${record.pid}) outlived SIGKILL by 10 s`);
  };
  return {
    record,
    pid: record.pid,
    isRunning: () => isAlive(record),
    async stop(withinMs = 5_000) {
      // Asked again, as some refuse at first (Redis: "Writing initial AOF, can't exit"). Thawed first: frozen, it can't hear.
      const deadline = monotonicMs() + withinMs;
      do {
        signal(record, 'SIGCONT');
        signal(record, 'SIGTERM');
        if (await gone(Math.min(250, withinMs))) return;
      } while (monotonicMs() < deadline);
      await kill();
    },
    kill,
    freeze: () => void signal(record, 'SIGSTOP'),
    thaw: () => void signal(record, 'SIGCONT'),
  };
}

/** `setpriv --pdeathsig` (util-linux) has the kernel end the part with us, however we end; it execs, so the pid is the part's. */
function tied(command: string, args: readonly string[]): [string, readonly string[]] {
  const setpriv = onPath('setpriv');
  return setpriv ? [setpriv, ['--pdeathsig', 'KILL', '--', command, ...args]] : [command, args];
}

function tail(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15);
  } catch {
    return [];
  }
}
