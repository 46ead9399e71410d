import { GantryError } from '../../errors/index.ts';
import type { ProgramEnd } from '../program/run-program.ts';
import { runProgram } from '../program/run-program.ts';
import type { SshTarget } from '../ssh/run-remote.ts';
import { runRemote } from '../ssh/run-remote.ts';

/** The node that is to take no more writes. */
export type FenceTarget = { group: string; node: string; host: string; port: number };

/** A fence outside Redis: it takes a node's network, process or power away, and can tell whether that is so. */
export type Fence = {
  readonly name: string;
  readonly what: 'network' | 'process' | 'power';
  /** Acts. It may be called again. @throws FENCE_FAILED, SSH_FAILED */
  act: (signal: AbortSignal) => Promise<void>;
  /** Whether the node is certainly fenced, with what was seen. @throws FENCE_FAILED, SSH_FAILED: nothing is proven then */
  confirm: (signal: AbortSignal) => Promise<{ confirmed: boolean; evidence: string }>;
};

type Described = {
  name: string;
  what: Fence['what'];
  fence: readonly string[];
  confirm: readonly string[];
};

/** For one program. Milliseconds. */
const timeoutMs = 15_000;

type Runner = (argv: readonly string[], signal: AbortSignal) => Promise<ProgramEnd>;

/** A fence by programs of the worker's machine, run without a shell. */
export function commandFence(described: Described, target: FenceTarget): Fence {
  return fenceBy(described, target, async (argv, signal) => {
    try {
      return await runProgram(argv, { timeoutMs, signal });
    } catch (error) {
      throw new GantryError('FENCE_FAILED', `fence ${described.name}: ${(error as Error).message}`);
    }
  });
}

/** A fence by commands on a host, over SSH with a pinned host key. */
export function sshFence(
  described: Described & Omit<SshTarget, 'privateKey'>,
  privateKey: string,
  target: FenceTarget,
): Fence {
  const { port, user, hostKey } = described;
  const host = filled(described.host, target);
  return fenceBy(described, target, (argv, signal) =>
    runRemote({ host, port, user, hostKey, privateKey }, argv, { timeoutMs, signal }),
  );
}

function fenceBy({ name, what, fence, confirm }: Described, target: FenceTarget, run: Runner): Fence {
  const words = (argv: readonly string[]): string[] => argv.map((word) => filled(word, target));
  return {
    name,
    what,
    act: async (signal) => {
      const { code, stderr } = await run(words(fence), signal);
      if (code === 0) return;
      throw new GantryError('FENCE_FAILED', `fence ${name} ended with ${code ?? 'a signal'}: ${stderr.slice(-300)}`, {
        evidence: { fence: name, exitCode: code },
      });
    },
    confirm: async (signal) => {
      const { code, stdout, stderr, ms } = await run(words(confirm), signal);
      const said = (stdout || stderr).trim().slice(-200);
      const evidence = `${confirm[0] ?? ''} ended with ${code ?? 'a signal'} in ${Math.round(ms)} ms${said ? `: ${said}` : ''}`;
      return { confirmed: code === 0, evidence };
    },
  };
}

/** The placeholders `{group}`, `{node}`, `{host}` and `{port}` of one argument; it stays one argument whatever they hold. */
export function filled(word: string, { group, node, host, port }: FenceTarget): string {
  const values: Record<string, string> = { group, node, host, port: String(port) };
  return word.replace(/\{(group|node|host|port)\}/g, (_, name: string) => values[name] ?? '');
}
