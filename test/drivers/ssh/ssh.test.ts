import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../../lab/ports.ts';
import { until } from '../../../lab/clock.ts';
import { sshFence } from '../../../src/drivers/fence/index.ts';
import { shellLine } from '../../../src/drivers/ssh/quote.ts';
import { runRemote } from '../../../src/drivers/ssh/run-remote.ts';
import type { SshTarget } from '../../../src/drivers/ssh/run-remote.ts';
import { labFolder, stopping } from '../../support/lab.ts';

describe('a remote command line', () => {
  test('is split by a real shell into exactly the words that went in', () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        const line = `printf '%s\\0' ${shellLine(words)}`;
        const out = execFileSync('sh', ['-c', line], { encoding: 'utf8' });
        expect(out.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a private key that can not be used', () => {
  const target = { host: '127.0.0.1', port: 1, user: 'x', hostKey: 'ssh-ed25519 AAAA' };
  const encrypted = (): string => {
    const file = join(labFolder(), 'encrypted');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'a passphrase', '-f', file]);
    return readFileSync(file, 'utf8');
  };
  test.each([
    ['no key at all', () => 'no key'],
    ['an encrypted one', encrypted],
  ])('is a failure like any other, so that the next fence is tried: %s', async (_name, key) => {
    const privateKey = key();
    const error = await runRemote({ ...target, privateKey }, ['true'], { timeoutMs: 1_000 }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'SSH_FAILED', message: expect.stringMatching(/privateKey/) as string });
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toMatch(/BEGIN OPENSSH|no key/);
  });
});

const sshd = '/usr/sbin/sshd';

/** A real sshd of the test's own: its port, its keys, only public keys. */
async function server(): Promise<SshTarget & { folder: string }> {
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
  const options = {
    Port: port,
    ListenAddress: '127.0.0.1',
    HostKey: host,
    AuthorizedKeysFile: authorized,
    PidFile: 'none',
    UsePAM: 'no',
    PasswordAuthentication: 'no',
    StrictModes: 'no',
    PermitRootLogin: 'yes',
  };
  if (!existsSync('/run/sshd') && userInfo().uid === 0) execFileSync('mkdir', ['-p', '/run/sshd']);
  const process_ = spawn(sshd, [
    '-D',
    '-f',
    '/dev/null',
    ...Object.entries(options).flatMap(([k, v]) => ['-o', `${k}=${v}`]),
  ]);
  stopping({ stop: () => process_.kill('SIGKILL') });
  const target = {
    host: '127.0.0.1',
    port,
    user: userInfo().username,
    privateKey: readFileSync(user, 'utf8'),
    hostKey: readFileSync(`${host}.pub`, 'utf8'),
  };
  await until(() => runRemote(target, ['true'], { timeoutMs: 1_000 }).then(Boolean, () => false), 10_000);
  return { ...target, folder };
}

describe.skipIf(!existsSync(sshd))('a command over SSH, on a real sshd', () => {
  test('runs, tells its exit code and its output, with every argument as it is', async () => {
    const target = await server();
    const words = ['sh', '-c', 'printf "%s|" "$@"; exit 3', 'x', "it's", '$HOME `id`', 'a b', '; rm -rf /'];
    expect(await runRemote(target, words, { timeoutMs: 5_000 })).toMatchObject({
      code: 3,
      stdout: "it's|$HOME `id`|a b|; rm -rf /|",
    });
  });

  test('is refused for a host that shows another key than the pinned one', async () => {
    const target = await server();
    const other = readFileSync(join(target.folder, 'user.pub'), 'utf8');
    const error = await runRemote({ ...target, hostKey: other }, ['true'], { timeoutMs: 5_000 }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({
      code: 'SSH_FAILED',
      message: expect.stringMatching(/host key is not the pinned one/) as string,
    });
    expect(JSON.stringify(error)).not.toContain('PRIVATE KEY');
  });

  test('is given up when it does not end', async () => {
    const target = await server();
    await expect(runRemote(target, ['sleep', '30'], { timeoutMs: 400 })).rejects.toMatchObject({ code: 'SSH_FAILED' });
  });

  test('fences a node, and confirms only what its command confirms', async () => {
    const target = await server();
    const flag = join(target.folder, 'fenced-{node}');
    const { hostKey, port, user, privateKey } = target;
    const described = {
      ...{ name: 'stop', what: 'process' as const, host: '{host}', port, user, hostKey },
      fence: ['touch', flag],
      confirm: ['test', '-e', flag],
    };
    const fence = sshFence(described, privateKey, { group: 'g', node: 'r1', host: '127.0.0.1', port: 6379 });
    const { signal } = new AbortController();
    expect((await fence.confirm(signal)).confirmed).toBe(false);
    await fence.act(signal);
    expect((await fence.confirm(signal)).confirmed).toBe(true);
    expect(existsSync(join(target.folder, 'fenced-r1'))).toBe(true);
  });
});
