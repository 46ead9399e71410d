import type { ErrorCode } from '../../errors/index.ts';
import { GantryError } from '../../errors/index.ts';
import type { ProgramEnd } from './run-local.ts';
import { runProgram } from './run-local.ts';
import type { SshTarget } from '../ssh/index.ts';
import { runRemote } from '../ssh/index.ts';

/**
 * What a hook is about, by the names of its placeholders: a node (`group`, `node`, `host`, `port`), a partition (`cluster`,
 * `database`, `table`, `partition`), whose work it is (`unit`, the same for every retry), where the present primary listens
 * (`primary`, `host:port`).
 */
export type HookTarget = Readonly<Record<string, string | number | undefined>>;

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

/** Where the programs run: on the worker's machine, without a shell, or on a host, over SSH with a pinned host key. */
export type ProgramPlace = { kind: 'command' } | ({ kind: 'ssh' } & SshTarget);

/** A hook of programs, wherever they run. */
export function confirmedPrograms(
  place: ProgramPlace,
  programs: HookPrograms,
  target: HookTarget,
  failure: HookFailure,
): Hook {
  if (place.kind === 'ssh') {
    const { port, user, hostKey, privateKey } = place;
    const host = filled(place.host, target);
    return hookBy(programs, target, failure, (argv, signal) =>
      runRemote({ host, port, user, hostKey, privateKey }, argv, { timeoutMs, signal }),
    );
  }
  return hookBy(programs, target, failure, async (argv, signal) => {
    try {
      return await runProgram(argv, { timeoutMs, signal });
    } catch (error) {
      throw new GantryError(failure.code, `${failure.what} ${programs.name}: ${(error as Error).message}`);
    }
  });
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

/** One argument with its placeholders filled in; it stays one argument whatever they hold, and what isn't known stays as it is. */
export function filled(word: string, target: HookTarget): string {
  return word.replace(/\{([a-z]+)\}/g, (as, name: string) =>
    Object.hasOwn(target, name) ? String(target[name] ?? as) : as,
  );
}
