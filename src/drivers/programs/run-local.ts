import { spawn } from 'node:child_process';

/** How a program ended. `code` is null if a signal ended it. */
export type ProgramEnd = { code: number | null; stdout: string; stderr: string; ms: number };

export type ProgramOptions = {
  timeoutMs: number;
  env?: Readonly<Record<string, string>>;
  /** Its standard input; none unless given. */
  input?: string;
  signal?: AbortSignal;
};

const outputLimit = 16 * 1024;

/**
 * Runs a program without a shell, in a process group of its own that ends with it. What it prints beyond 16 KiB is cut.
 * @throws Error when it can't be started, or did not end in time (all of its group is killed then)
 */
export function runProgram(argv: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
  const [program = '', ...args] = argv;
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    });
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      end();
    };
    const give = (why: string): void => {
      if (child.pid !== undefined) killGroup(child.pid);
      settle(() => reject(new Error(`${program}: ${why}`)));
    };
    const onAbort = (): void => give('cancelled');
    const timer = setTimeout(() => give(`did not end within ${options.timeoutMs} ms`), options.timeoutMs);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        said[name] = (said[name] + chunk).slice(0, outputLimit);
      });
    }
    // A program that does not read its input is no failure.
    child.stdin.on('error', () => undefined).end(options.input ?? '');
    child.on('error', (error) => settle(() => reject(error)));
    child.on('close', (code) => settle(() => resolve({ code, ...said, ms: performance.now() - startedAt })));
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
