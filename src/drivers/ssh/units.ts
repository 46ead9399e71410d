import { createHash } from 'node:crypto';
import { GantryError } from '../../errors/index.ts';
import { startScript, stopScript, watchScript } from './unit-scripts.ts';
import type { RemoteEnd, Ssh } from './types.ts';

/**
 * Long work on a host: a transient systemd unit whose name is the step's. A worker that takes the step over finds what its
 * predecessor started, and nothing runs twice. What it printed and how it ended are kept in a folder of the host until
 * the step collects them, so that an end is known after a reboot too.
 */
export type RemoteUnit = {
  /** What the step calls it: its unit (workflow id / run id / ordinal) and what it does. */
  name: string;
  argv: readonly string[];
};

/**
 * `absent`: never started, or collected. `ended`: with its exit code. `lost`: it was started and is gone without an end:
 * the host was rebooted, or the unit was killed.
 */
export type UnitState = { state: 'absent' | 'running' | 'lost' } | { state: 'ended'; code: number };

/** For one look. Milliseconds. */
const timeoutMs = 20_000;
/** Of a log, in one read. Bytes. */
const logLimit = 64 * 1024;

type Options = { signal?: AbortSignal };

/**
 * Starts the unit unless it runs or has ended; one that was lost is started again. Answers how it stands afterwards.
 * @throws SSH_FAILED, REMOTE_UNIT_FAILED: systemd refused it, or the name belongs to another command
 */
export async function startUnit(ssh: Ssh, unit: RemoteUnit, options: Options = {}): Promise<UnitState> {
  const digest = createHash('sha256').update(JSON.stringify(unit.argv)).digest('hex');
  const end = await call(ssh, [startScript, systemdName(unit.name), digest, ...unit.argv.map(literal)], options);
  return stateOf(ssh, unit.name, end);
}

/** How a unit stands. @throws SSH_FAILED, REMOTE_UNIT_FAILED */
export async function watchUnit(ssh: Ssh, name: string, options: Options = {}): Promise<UnitState> {
  return stateOf(ssh, name, await call(ssh, [watchScript, systemdName(name)], options));
}

/** What the unit printed from `offset` on, at most 64 KiB, and where to read on. @throws SSH_FAILED */
export async function readUnitLog(
  ssh: Ssh,
  name: string,
  offset: number,
  options: Options = {},
): Promise<{ text: string; offset: number }> {
  const file = `${folder}/${systemdName(name)}/log`;
  const script = 'test -e "$1" || exit 0; tail -c "+$2" -- "$1" | head -c "$3" | base64';
  const argv = ['sh', '-c', script, 'sh', file, String(offset + 1), String(logLimit)];
  const { stdout } = await ssh.run(argv, { timeoutMs, outputLimit: logLimit * 2, ...options });
  const bytes = Buffer.from(stdout, 'base64');
  return { text: bytes.toString('utf8'), offset: offset + bytes.length };
}

/** Forgets a unit that no longer runs, with its log: its name is free again. @throws SSH_FAILED, REMOTE_UNIT_FAILED: it runs */
export async function collectUnit(ssh: Ssh, name: string, options: Options = {}): Promise<void> {
  const end = await call(ssh, [stopScript, systemdName(name), 'collect'], options);
  if (stateOf(ssh, name, end).state !== 'absent') throw failed(ssh, name, end);
}

/** Ends a unit with all its processes, and keeps what it printed. @throws SSH_FAILED, REMOTE_UNIT_FAILED: it goes on */
export async function stopUnit(ssh: Ssh, name: string, options: Options = {}): Promise<UnitState> {
  const end = await call(ssh, [stopScript, systemdName(name), 'stop'], options);
  const seen = stateOf(ssh, name, end);
  if (seen.state === 'running') throw failed(ssh, name, end);
  return seen;
}

const folder = '/var/lib/gantry/units';

function call(ssh: Ssh, [script = '', name = '', ...rest]: readonly string[], options: Options): Promise<RemoteEnd> {
  return ssh.run(['sh', '-c', script, 'sh', folder, name, ...rest], { timeoutMs, ...options });
}

/** systemd allows 255 of `[A-Za-z0-9:_.\-]` (systemd.unit(5)); the digest keeps two names apart that differ in what it replaces. */
function systemdName(name: string): string {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `gantry-${name.replace(/[^A-Za-z0-9_.-]/g, '-').slice(-100)}-${digest}`;
}

/** As systemd passes it on unchanged: in a command, `${NAME}` is a variable of its own to it (systemd.service(5), "Command lines"). */
function literal(word: string): string {
  return word.replaceAll('$', '$$$$');
}

function stateOf(ssh: Ssh, name: string, end: RemoteEnd): UnitState {
  const said = /^state (absent|running|lost|ended)(?: (\d+))?$/m.exec(end.stdout);
  if (end.code !== 0 || !said) throw failed(ssh, name, end);
  const [, state, code] = said;
  if (state === 'ended') return { state, code: Number(code) };
  return { state: state as 'absent' | 'running' | 'lost' };
}

function failed(ssh: Ssh, name: string, { code, stdout, stderr }: RemoteEnd): GantryError {
  const said = (stderr || stdout).trim().slice(-500);
  return new GantryError('REMOTE_UNIT_FAILED', `${ssh.where}: unit ${name}: ${said || `exit code ${String(code)}`}`, {
    evidence: { host: ssh.where, unit: systemdName(name), exitCode: code, said },
  });
}
