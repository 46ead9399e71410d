import type { ErrorCode } from '../../errors/index.ts';
import { GantryError } from '../../errors/index.ts';
import type { ProgramEnd } from '../program/run-program.ts';
import { runProgram } from '../program/run-program.ts';
import type { SshTarget } from '../ssh/run-remote.ts';
import { runRemote } from '../ssh/run-remote.ts';

/**
 * The node that a hook is about. `unit` names the work on the target, the same for every retry; `primary` is where the
 * present primary listens, `host:port`.
 */
export type HookTarget = { group: string; node: string; host: string; port: number; unit?: string; primary?: string };

/** Something that the operator's own programs do outside of the store, and can tell whether it is done. */
export type Hook = {
  readonly name: string;
  /** Acts, or begins to. It may be called again. @throws `failure` of the hook, SSH_FAILED */
  run: (signal: AbortSignal) => Promise<void>;
  /** Whether it is certainly done, with what was seen. @throws `failure` of the hook, SSH_FAILED: nothing is proven then */
  confirm: (signal: AbortSignal) => Promise<{ confirmed: boolean; evidence: string }>;
};

/** The programs of a hook: words, each of them with placeholders. */
export type HookPrograms = { name: string; run: readonly string[]; confirm: readonly string[] };

/** What is said of a hook that fails. */
export type HookFailure = { what: string; code: ErrorCode };

/** For one program. Milliseconds. */
const timeoutMs = 15_000;

type Runner = (argv: readonly string[], signal: AbortSignal) => Promise<ProgramEnd>;

/** A hook of programs on the worker's machine, run without a shell. */
export function commandHook(programs: HookPrograms, target: HookTarget, failure: HookFailure): Hook {
  return hookBy(programs, target, failure, async (argv, signal) => {
    try {
      return await runProgram(argv, { timeoutMs, signal });
    } catch (error) {
      throw new GantryError(failure.code, `${failure.what} ${programs.name}: ${(error as Error).message}`);
    }
  });
}

/** A hook of commands on a host, over SSH with a pinned host key. */
export function sshHook(
  programs: HookPrograms & Omit<SshTarget, 'privateKey'>,
  privateKey: string,
  target: HookTarget,
  failure: HookFailure,
): Hook {
  const { port, user, hostKey } = programs;
  const host = filled(programs.host, target);
  return hookBy(programs, target, failure, (argv, signal) =>
    runRemote({ host, port, user, hostKey, privateKey }, argv, { timeoutMs, signal }),
  );
}

function hookBy({ name, run, confirm }: HookPrograms, target: HookTarget, failure: HookFailure, by: Runner): Hook {
  const words = (argv: readonly string[]): string[] => argv.map((word) => filled(word, target));
  return {
    name,
    run: async (signal) => {
      const { code, stderr } = await by(words(run), signal);
      if (code === 0) return;
      const said = `${failure.what} ${name} ended with ${code ?? 'a signal'}: ${stderr.slice(-300)}`;
      throw new GantryError(failure.code, said, { evidence: { [failure.what]: name, exitCode: code } });
    },
    confirm: async (signal) => {
      const { code, stdout, stderr, ms } = await by(words(confirm), signal);
      const said = (stdout || stderr).trim().slice(-200);
      const evidence = `${confirm[0] ?? ''} ended with ${code ?? 'a signal'} in ${Math.round(ms)} ms${said ? `: ${said}` : ''}`;
      return { confirmed: code === 0, evidence };
    },
  };
}

/** The placeholders `{group}`, `{node}`, `{host}`, `{port}`, `{unit}` and `{primary}` of one argument; it stays one argument whatever they hold. */
export function filled(word: string, { group, node, host, port, unit, primary }: HookTarget): string {
  const values: Record<string, string | undefined> = { group, node, host, port: String(port), unit, primary };
  return word.replace(/\{(group|node|host|port|unit|primary)\}/g, (as, name: string) => values[name] ?? as);
}
