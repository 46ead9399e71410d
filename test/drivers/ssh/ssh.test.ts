import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { confirmedPrograms } from '../../../src/drivers/programs/index.ts';
import { shellLine } from '../../../src/drivers/ssh/quote.ts';
import { runRemote } from '../../../src/drivers/ssh/index.ts';
import { labFolder } from '../../support/lab.ts';
import { sshd, startSshd } from '../../support/sshd.ts';

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

describe('a private key that cannot be used', () => {
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

describe.skipIf(!existsSync(sshd))('a command over SSH, on a real sshd', () => {
  test('runs, tells its exit code and its output, with every argument as it is', async () => {
    const target = await startSshd();
    const words = ['sh', '-c', 'printf "%s|" "$@"; exit 3', 'x', "it's", '$HOME `id`', 'a b', '; rm -rf /'];
    expect(await runRemote(target, words, { timeoutMs: 5_000 })).toMatchObject({
      code: 3,
      stdout: "it's|$HOME `id`|a b|; rm -rf /|",
    });
  });

  test('is refused for a host that shows another key than the pinned one', async () => {
    const target = await startSshd();
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
    const target = await startSshd();
    await expect(runRemote(target, ['sleep', '30'], { timeoutMs: 400 })).rejects.toMatchObject({ code: 'SSH_FAILED' });
  });

  test('runs a program for a node, and confirms only what its command confirms', async () => {
    const target = await startSshd();
    const flag = join(target.folder, 'fenced-{node}');
    const { hostKey, port, user, privateKey } = target;
    const fence = confirmedPrograms(
      { kind: 'ssh', host: '{host}', port, user, hostKey, privateKey },
      { name: 'stop', run: ['touch', flag], confirm: ['test', '-e', flag] },
      { group: 'g', node: 'r1', host: '127.0.0.1', port: 6379 },
      { what: 'fence', code: 'FENCE_FAILED' },
    );
    const { signal } = new AbortController();
    expect((await fence.confirm(signal)).confirmed).toBe(false);
    await fence.run(signal);
    expect((await fence.confirm(signal)).confirmed).toBe(true);
    expect(existsSync(join(target.folder, 'fenced-r1'))).toBe(true);
  });
});
