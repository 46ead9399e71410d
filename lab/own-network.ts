import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { GantryError } from '../src/errors/index.ts';
import { onPath } from './programs.ts';

const execute = promisify(execFile);

export type Ended = { code: number; said: string };

/** A network that nothing else of this machine is in: a loopback of its own, and the kernel's packet filter. */
export type OwnNetwork = {
  /** A process that is in it: others name it by that, as in `ip link add … netns <pid>`. */
  readonly pid: number;
  /** Runs a program in it to its end, whatever that is. */
  run: (argv: readonly string[]) => Promise<Ended>;
  /** Starts one there that stays until the network is stopped; the process is the program's own. */
  start: (argv: readonly string[]) => ChildProcessWithoutNullStreams;
  stop: () => Promise<void>;
};

/** Whether this user may make one, with nftables in it. @throws GantryError LAB_PART_MISSING */
export async function findOwnNetwork(): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new GantryError('LAB_PART_MISSING', 'a network of its own: making one needs root on Linux');
  }
  if (!onPath('nft')) throw new GantryError('LAB_PART_MISSING', 'nft is not on PATH: run scripts/setup-nft.sh');
  // Root within a container may be allowed neither.
  await execute('unshare', ['--net', '--', 'nft', 'list', 'ruleset']).catch((error: unknown) => {
    throw new GantryError('LAB_PART_MISSING', `a network of its own cannot be made here: ${(error as Error).message}`);
  });
}

/** @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED */
export async function startOwnNetwork(): Promise<OwnNetwork> {
  await findOwnNetwork();
  // It lives as long as this process, which ends when its standard input does: with ours, however we end.
  const holder = spawn('unshare', ['--net', '--', 'sh', '-c', 'echo there && exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  await Promise.race([new Promise((resolve) => holder.stdout.once('data', resolve)), ended]);
  if (holder.exitCode !== null) throw new GantryError('LAB_PART_FAILED', 'unshare --net can make no network here');
  const inside = (argv: readonly string[]): string[] => [`--net=/proc/${holder.pid}/ns/net`, '--', ...argv];
  const started: ChildProcessWithoutNullStreams[] = [];
  const run: OwnNetwork['run'] = async (argv) => {
    try {
      const { stdout, stderr } = await execute('nsenter', inside(argv), { timeout: 20_000 });
      return { code: 0, said: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
      if (typeof code !== 'number') throw error;
      return { code, said: `${stdout ?? ''}${stderr ?? ''}` };
    }
  };
  await run(['ip', 'link', 'set', 'lo', 'up']);
  return {
    pid: holder.pid as number,
    run,
    start(argv) {
      // It ends with this process, however that ends.
      const child = spawn('nsenter', inside(['setpriv', '--pdeathsig', 'KILL', '--', ...argv]));
      started.push(child);
      return child;
    },
    async stop() {
      for (const child of started) child.kill('SIGKILL');
      holder.stdin.end();
      await ended;
    },
  };
}
