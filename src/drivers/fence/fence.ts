import type { Hook, HookPrograms } from '../hook/index.ts';
import { commandHook, sshHook } from '../hook/index.ts';
import type { SshTarget } from '../ssh/run-remote.ts';

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

const failure = { what: 'fence', code: 'FENCE_FAILED' } as const;

/** A fence by programs of the worker's machine, run without a shell. */
export function commandFence(described: Described, target: FenceTarget): Fence {
  return fenceOf(described, commandHook(programsOf(described), target, failure));
}

/** A fence by commands on a host, over SSH with a pinned host key. */
export function sshFence(
  described: Described & Omit<SshTarget, 'privateKey'>,
  privateKey: string,
  target: FenceTarget,
): Fence {
  const { host, port, user, hostKey } = described;
  const programs = { ...programsOf(described), host, port, user, hostKey };
  return fenceOf(described, sshHook(programs, privateKey, target, failure));
}

function programsOf({ name, fence, confirm }: Described): HookPrograms {
  return { name, run: fence, confirm };
}

function fenceOf({ what }: Described, { name, run, confirm }: Hook): Fence {
  return { name, what, act: run, confirm };
}
