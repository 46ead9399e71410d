import type { ErrorCode } from '../../../src/errors/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RemoteEnd, RemoteOptions, Ssh } from './access.ts';

/** For one command that looks or changes one thing. Milliseconds. */
export const commandMs = 30_000;

export type CommandOptions = Partial<RemoteOptions> & {
  /** What the command is for, in messages: `read the disks`. */
  what?: string;
  /** The error of a script that ends with `refusedCode`: what it found is not what it may act on. */
  refused?: ErrorCode;
};

/** How a script ends that looks right before it acts and finds something else. */
export const refusedCode = 46;

/**
 * Runs a command that must succeed.
 * @returns its standard output, without the last newline
 * @throws HOST_COMMAND_FAILED with what it printed, HOST_SYSTEM_DISK_FULL, SSH_FAILED
 */
export async function command(ssh: Ssh, argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { what, refused, ...remote } = options;
  const end = await ssh.run(argv, { timeoutMs: commandMs, ...remote });
  const called = what ?? argv.slice(0, 2).join(' ');
  if (end.code === refusedCode && refused) throw commandFailed(ssh, called, end, refused);
  if (end.code !== 0) throw commandFailed(ssh, called, end);
  return end.stdout.replace(/\n$/, '');
}

/** A command's end as an error of the catalogue. */
export function commandFailed(
  ssh: Ssh,
  what: string,
  { code, stdout, stderr }: Pick<RemoteEnd, 'code' | 'stdout' | 'stderr'> & Partial<RemoteEnd>,
  refused?: ErrorCode,
): GantryError {
  const said = (stderr.trim() || stdout.trim()).slice(-500);
  const evidence = { host: ssh.where, command: what, exitCode: code, said };
  const full = said.includes('No space left on device');
  const why = said === '' ? `exit code ${String(code)}` : said;
  const error = refused ?? (full ? 'HOST_SYSTEM_DISK_FULL' : 'HOST_COMMAND_FAILED');
  return new GantryError(error, `${ssh.where}: ${what}: ${why}`, { evidence });
}
