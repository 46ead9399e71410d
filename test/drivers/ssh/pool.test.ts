import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import { createSshPool, readHostKey } from '../../../src/drivers/ssh/index.ts';
import type { SshPool, SshTarget } from '../../../src/drivers/ssh/index.ts';
import { labFolder } from '../../support/lab.ts';
import { dropSessions, sshd, startSshd } from '../../support/sshd.ts';

const pools: SshPool[] = [];
function pool(): SshPool {
  const made = createSshPool();
  pools.push(made);
  return made;
}
afterEach(() => {
  for (const one of pools.splice(0)) one.close();
});

const timeoutMs = 30_000;

describe.skipIf(!existsSync(sshd))('a pool of SSH connections, on a real sshd', () => {
  test('does all commands of a host over one connection, more at once than sshd allows sessions', async () => {
    const target = await startSshd();
    const ssh = pool();
    const numbers = Array.from({ length: 25 }, (_, n) => String(n));
    const said = await Promise.all(
      numbers.map((n) => ssh.on(target).run(['sh', '-c', 'sleep 0.05; echo "$1"', 'sh', n], { timeoutMs })),
    );
    expect(said.map(({ stdout }) => stdout.trim())).toEqual(numbers);
    expect(ssh.made).toBe(1);
  });

  test('throws a lost connection away: the command fails, the next one gets another connection', async () => {
    const target = await startSshd();
    const ssh = pool();
    const flag = join(labFolder(), 'begun');
    const long = ssh.on(target).run(['sh', '-c', 'touch "$1"; sleep 60', 'sh', flag], { timeoutMs: 60_000 });
    const failed = expect(long).rejects.toMatchObject({ code: 'SSH_FAILED' });
    await until(() => Promise.resolve(existsSync(flag)), timeoutMs);
    dropSessions(target);
    await failed;
    expect(await ssh.on(target).run(['echo', 'back'], { timeoutMs })).toMatchObject({ code: 0, stdout: 'back\n' });
    expect(ssh.made).toBe(2);
  });

  test('throws the connection away with a command that does not end in time', async () => {
    const target = await startSshd();
    const ssh = pool();
    await ssh.on(target).run(['true'], { timeoutMs });
    await expect(ssh.on(target).run(['sleep', '60'], { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'SSH_FAILED',
      message: expect.stringMatching(/no end within/) as string,
    });
    await ssh.on(target).run(['true'], { timeoutMs });
    expect(ssh.made).toBe(2);
  });

  test('tells an exit code from a signal, keeps no more output than asked, and gives standard input', async () => {
    const target = await startSshd();
    const on = pool().on(target);
    expect(await on.run(['sh', '-c', 'kill -9 $$'], { timeoutMs })).toMatchObject({ code: null });
    const much = await on.run(['sh', '-c', 'head -c 100000 /dev/zero | tr "\\0" x'], { timeoutMs, outputLimit: 1_000 });
    expect(much).toMatchObject({ code: 0, truncated: true, stdout: 'x'.repeat(1_000) });
    expect(await on.run(['cat'], { timeoutMs, stdin: 'a\nb' })).toMatchObject({ stdout: 'a\nb', truncated: false });
    expect(await on.run(['cat'], { timeoutMs })).toMatchObject({ code: 0, stdout: '' });
  });

  test('reaches a host through a jump host, and pins the keys of both', async () => {
    const [bastion, inner] = await Promise.all([startSshd({ AllowTcpForwarding: 'yes' }), startSshd()]);
    const through: SshTarget = { ...inner, jump: bastion };
    expect(await pool().on(through).run(['echo', 'inside'], { timeoutMs })).toMatchObject({ stdout: 'inside\n' });
    const otherBastion: SshTarget = { ...inner, jump: { ...bastion, hostKey: inner.hostKey } };
    await expect(pool().on(otherBastion).run(['true'], { timeoutMs })).rejects.toMatchObject({
      code: 'SSH_FAILED',
      message: `${bastion.user}@127.0.0.1:${bastion.port}: its host key is not the pinned one`,
    });
    const otherInner: SshTarget = { ...inner, hostKey: bastion.hostKey, jump: bastion };
    await expect(pool().on(otherInner).run(['true'], { timeoutMs })).rejects.toMatchObject({
      message: `${inner.user}@127.0.0.1:${inner.port}: its host key is not the pinned one`,
    });
  });

  test('fails what runs through a jump host that goes away', async () => {
    const [bastion, inner] = await Promise.all([startSshd({ AllowTcpForwarding: 'yes' }), startSshd()]);
    const on = pool().on({ ...inner, jump: bastion });
    const flag = join(labFolder(), 'begun');
    const long = on.run(['sh', '-c', 'touch "$1"; sleep 60', 'sh', flag], { timeoutMs: 60_000 });
    const failed = expect(long).rejects.toMatchObject({ code: 'SSH_FAILED' });
    await until(() => Promise.resolve(existsSync(flag)), timeoutMs);
    bastion.kill();
    await failed;
  });

  test('is refused once the host shows another key than before', async () => {
    const target = await startSshd();
    const ssh = pool();
    await ssh.on(target).run(['true'], { timeoutMs });
    const other = readFileSync(join(target.folder, 'user.pub'), 'utf8');
    await expect(ssh.on({ ...target, hostKey: other }).run(['true'], { timeoutMs })).rejects.toMatchObject({
      message: expect.stringMatching(/host key is not the pinned one/) as string,
    });
  });

  test('reads the key that a host shows without logging in, for its enrolment', async () => {
    const target = await startSshd();
    const shown = await readHostKey(target, { timeoutMs });
    expect(target.hostKey.startsWith(shown)).toBe(true);
    await expect(readHostKey({ host: '127.0.0.1', port: 1 }, { timeoutMs })).rejects.toMatchObject({
      code: 'SSH_FAILED',
    });
  });
});
