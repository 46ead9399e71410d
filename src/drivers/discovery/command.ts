import { spawn } from 'node:child_process';
import { GantryError } from '../../errors/index.ts';
import type { Discovery } from './contract.ts';
import { confirm, parseEntry } from './contract.ts';

export type CommandDiscoveryOptions = {
  group: string;
  /** Program and arguments; run without a shell. */
  read: readonly string[];
  write: readonly string[];
  /** Milliseconds for one run, 5,000 unless given. */
  timeoutMs?: number;
};

/** With this exit code a write hook says that a later decision is there already. */
export const refusedExitCode = 9;

const outputLimit = 64 * 1024;

/**
 * Discovery behind two programs of the operator. `read` prints `{ primary: { host, port }, epoch }`, or nothing if the
 * group was never announced. `write` gets `{ group, primary, epoch }` on standard input and exits with 0, or with 9 if a
 * later epoch is there; it may print what is stored then. Both find the group's name in GANTRY_GROUP.
 */
export function commandDiscovery({ group, read, write, timeoutMs = 5_000 }: CommandDiscoveryOptions): Discovery {
  const hook = (argv: readonly string[], input?: string): Promise<Ended> => runHook(argv, group, timeoutMs, input);
  return {
    read: async () => {
      const ended = await hook(read);
      if (ended.code !== 0) throw failed(read, ended);
      const text = ended.stdout.trim();
      return text && text !== 'null' ? parseEntry(text, group, nameOf(read)) : undefined;
    },
    redirect: async (entry) => {
      const ended = await hook(write, `${JSON.stringify({ group, ...entry })}\n`);
      if (ended.code === refusedExitCode) {
        throw new GantryError(
          'DISCOVERY_REFUSED',
          `${nameOf(write)} holds a later decision than epoch ${entry.epoch}`,
          {
            evidence: { asked: entry, answer: (ended.stdout || ended.stderr).slice(0, 300) },
          },
        );
      }
      if (ended.code !== 0) throw failed(write, ended);
      const text = ended.stdout.trim();
      if (text) confirm(parseEntry(text, group, nameOf(write)), entry, nameOf(write));
    },
  };
}

type Ended = { code: number | null; stdout: string; stderr: string };

function runHook(argv: readonly string[], group: string, timeoutMs: number, input = ''): Promise<Ended> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    // A process group of its own, so that what the hook started ends with it.
    const child = spawn(program, args, { detached: true, env: { ...process.env, GANTRY_GROUP: group } });
    const fail = (why: string): void => {
      clearTimeout(timer);
      if (child.pid !== undefined) endGroup(child.pid);
      reject(new GantryError('DISCOVERY_UNREACHABLE', `${nameOf(argv)}: ${why}`));
    };
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        out[name] += chunk;
        if (out[name].length > outputLimit) fail(`more than ${outputLimit} characters on ${name}`);
      });
    }
    child.on('error', (error) => fail(error.message));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ...out });
    });
    // A hook that doesn't read its input is fine.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function failed(argv: readonly string[], { code, stderr }: Ended): GantryError {
  return new GantryError('DISCOVERY_UNREACHABLE', `${nameOf(argv)} ended with ${code ?? 'a signal'}`, {
    evidence: { exitCode: code, stderr: stderr.slice(-300) },
  });
}

/** The program alone: its arguments may hold what should not be shown. */
function nameOf(argv: readonly string[]): string {
  return `discovery hook ${argv[0] ?? ''}`;
}
