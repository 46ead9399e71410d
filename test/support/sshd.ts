import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { until } from '../../lab/clock.ts';
import { freePort } from '../../lab/ports.ts';
import type { SshTarget } from '../../src/drivers/ssh/index.ts';
import { runRemote } from '../../src/drivers/ssh/index.ts';
import { labFolder, stopping } from './lab.ts';

export const sshd = '/usr/sbin/sshd';

export type TestSshd = SshTarget & {
  /** Where its keys are. */
  folder: string;
  /** The kernel's process id of the listener. */
  pid: number;
  /** Ends the listener and every session that it has opened. */
  kill: () => void;
};

/** A real sshd of the test's own: its port, its keys, only public keys. */
export async function startSshd(options: Readonly<Record<string, string | number>> = {}): Promise<TestSshd> {
  const folder = labFolder();
  const key = (name: string): string => {
    const file = join(folder, name);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    return file;
  };
  const [host, user] = [key('host'), key('user')];
  const port = await freePort();
  const authorized = join(folder, 'authorized');
  writeFileSync(authorized, readFileSync(`${user}.pub`), { mode: 0o600 });
  const settings = {
    Port: port,
    ListenAddress: '127.0.0.1',
    HostKey: host,
    AuthorizedKeysFile: authorized,
    PidFile: 'none',
    UsePAM: 'no',
    PasswordAuthentication: 'no',
    StrictModes: 'no',
    PermitRootLogin: 'yes',
    ...options,
  };
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  const words = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const listener = spawn(sshd, ['-D', '-f', '/dev/null', ...words]);
  const pid = listener.pid ?? 0;
  const kill = (): void => {
    for (const child of childrenOf(pid)) killed(child);
    listener.kill('SIGKILL');
  };
  stopping({ stop: kill });
  const target = {
    host: '127.0.0.1',
    port,
    user: userInfo().username,
    privateKey: readFileSync(user, 'utf8'),
    hostKey: readFileSync(`${host}.pub`, 'utf8'),
  };
  await until(() => runRemote(target, ['true'], { timeoutMs: 5_000 }).then(Boolean, () => false), 30_000);
  return { ...target, folder, pid, kill };
}

/** Ends the sessions that a listener has opened, not the listener: what a lost connection looks like. */
export function dropSessions({ pid }: TestSshd): void {
  for (const child of childrenOf(pid)) killed(child);
}

function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
}

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
