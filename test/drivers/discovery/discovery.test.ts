import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startDiscovery } from '../../../lab/discovery/discovery.ts';
import { commandDiscovery, httpDiscovery, refusedExitCode } from '../../../src/drivers/discovery/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { labFolder, stopping } from '../../support/lab.ts';

const r1 = { host: '127.0.0.1', port: 1 };
const r2 = { host: '127.0.0.1', port: 2 };
const token = 'very-secret-token';

async function codeOf(act: Promise<unknown>): Promise<string | undefined> {
  return act.then(
    () => undefined,
    (error: unknown) => (error instanceof GantryError ? error.code : String(error)),
  );
}

describe('discovery over HTTP', () => {
  const lab = async () => {
    const running = stopping(await startDiscovery({ file: join(labFolder(), 'known.json'), token }));
    return httpDiscovery({ group: 'sessions', url: `${running.url}/redis/sessions`, token });
  };

  test('knows nothing of a group that was never announced, and reads back what was written', async () => {
    const discovery = await lab();
    expect(await discovery.read()).toBeUndefined();
    await discovery.redirect({ primary: r1, epoch: 1 });
    expect(await discovery.read()).toEqual({ primary: r1, epoch: 1 });
  });

  test('takes the same again, and refuses a lower epoch or another primary under the same one', async () => {
    const discovery = await lab();
    await discovery.redirect({ primary: r1, epoch: 3 });
    await discovery.redirect({ primary: r1, epoch: 3 });
    expect(await codeOf(discovery.redirect({ primary: r2, epoch: 2 }))).toBe('DISCOVERY_REFUSED');
    expect(await codeOf(discovery.redirect({ primary: r2, epoch: 3 }))).toBe('DISCOVERY_REFUSED');
    expect(await discovery.read()).toEqual({ primary: r1, epoch: 3 });
  });

  const answering = async (status: number, body: string, delayMs = 0, timeoutMs = 10_000) => {
    const server = createServer((_, response) => {
      setTimeout(() => response.writeHead(status).end(body), delayMs);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    return httpDiscovery({ group: 'sessions', url: `http://127.0.0.1:${port}/x`, token, timeoutMs });
  };

  test.each([
    ['nothing', ''],
    ['a page', '<html></html>'],
    ['no epoch', JSON.stringify({ primary: r1 })],
    ['a port that is none', JSON.stringify({ primary: { host: 'h', port: 70_000 }, epoch: 1 })],
    ['another group', JSON.stringify({ group: 'other', primary: r1, epoch: 1 })],
  ])('does not believe an answer with %s', async (_, body) => {
    expect(await codeOf((await answering(200, body)).read())).toBe('DISCOVERY_INVALID');
  });

  test('does not believe a write that answers something else than what was asked for', async () => {
    const other = await answering(200, JSON.stringify({ primary: r2, epoch: 1 }));
    expect(await codeOf(other.redirect({ primary: r1, epoch: 1 }))).toBe('DISCOVERY_INVALID');
  });

  test.each([
    ['an error', 500, 0, 10_000],
    ['a missing permission', 401, 0, 10_000],
    ['silence', 200, 3_000, 200],
  ])('reports %s as unreachable, without the token', async (_, status, delayMs, timeoutMs) => {
    const discovery = await answering(status, '{}', delayMs, timeoutMs);
    const error: unknown = await discovery.read().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'DISCOVERY_UNREACHABLE' });
    expect(JSON.stringify(error) + String(error)).not.toContain(token);
  });
});

describe('discovery by command', () => {
  const hook = (script: string, timeoutMs?: number) => {
    const file = join(labFolder(), 'hook.mjs');
    writeFileSync(file, `import { readFileSync } from 'node:fs';\n${script}`);
    const argv = [process.execPath, file];
    return commandDiscovery({ group: 'sessions', read: argv, write: argv, ...(timeoutMs ? { timeoutMs } : {}) });
  };

  test('reads JSON from standard output, and nothing as never announced', async () => {
    const answer = JSON.stringify({ primary: r1, epoch: 4 });
    expect(await hook(`console.log('${answer}')`).read()).toEqual({ primary: r1, epoch: 4 });
    expect(await hook('').read()).toBeUndefined();
  });

  test('writes JSON to standard input and names the group', async () => {
    const echo = hook(`
      const asked = JSON.parse(readFileSync(0, 'utf8'));
      if (asked.group !== process.env.GANTRY_GROUP) process.exit(1);
      console.log(JSON.stringify(asked));`);
    await echo.redirect({ primary: r2, epoch: 5 });
  });

  test('passes arguments as they are, without a shell', async () => {
    const argv = [process.execPath, '-e', 'console.log(process.argv[1])', '$(id); `id`'];
    const odd = commandDiscovery({ group: 'sessions', read: argv, write: argv });
    const error: unknown = await odd.read().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'DISCOVERY_INVALID', evidence: { answer: '$(id); `id`' } });
  });

  test.each([
    ['a later decision', `process.exit(${refusedExitCode})`, 'DISCOVERY_REFUSED'],
    ['a failure', 'process.exit(1)', 'DISCOVERY_UNREACHABLE'],
    [
      'another answer',
      `console.log(JSON.stringify({ primary: { host: 'x', port: 1 }, epoch: 1 }))`,
      'DISCOVERY_INVALID',
    ],
    ['silence', 'setInterval(() => {}, 1000)', 'DISCOVERY_UNREACHABLE'],
  ])('tells %s of a write by its code', async (_, script, code) => {
    expect(await codeOf(hook(script, 1_500).redirect({ primary: r1, epoch: 1 }))).toBe(code);
  });

  test('reports a program that is not there', async () => {
    const none = commandDiscovery({ group: 'sessions', read: ['/nowhere/hook'], write: ['/nowhere/hook'] });
    expect(await codeOf(none.read())).toBe('DISCOVERY_UNREACHABLE');
  });
});
