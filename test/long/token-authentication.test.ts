import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../lab/clock.ts';
import type { StockTemporal } from '../../lab/temporal/stock.ts';
import { startStockTemporal } from '../../lab/temporal/stock.ts';
import { runStatus } from '../../src/client/index.ts';
import { registerSearchAttributes } from '../../workers/search-attributes.ts';
import { describeWith } from '../support/lab.ts';
import type { Harness } from '../workflows/run/harness.ts';
import { startHarness } from '../workflows/run/harness.ts';
import { createWorld, testPolicy } from '../workflows/run/world.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

// The lock of the way past Gantry: people get tokens that read, workers and the API one that writes.
await describeWith(['temporal-stock'], 'a stock Temporal server with token authentication', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-stock-'));
  const ends: (() => unknown)[] = [() => rmSync(stateDir, { recursive: true, force: true })];
  let server: StockTemporal;
  let tokenOf: (permissions: readonly string[]) => Promise<string>;
  let harness: Harness;
  let reader: Client;

  beforeAll(async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const key = { ...(await exportJWK(publicKey)), kid: 'lab', alg: 'RS256', use: 'sig' };
    const keys = createServer((_request, answer) => answer.end(JSON.stringify({ keys: [key] })));
    await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve));
    ends.push(() => keys.close());
    tokenOf = (permissions) =>
      new SignJWT({ permissions })
        .setProtectedHeader({ alg: 'RS256', kid: 'lab' })
        .setSubject('ann@example.com')
        .setExpirationTime('1h')
        .sign(privateKey);
    const jwksUrl = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/jwks.json`;
    server = await startStockTemporal({ stateDir, jwksUrl });
    ends.push(() => server.kill());

    const admin = await connected(['temporal-system:admin']);
    await admin.workflowService.registerNamespace({
      ...{ namespace: 'default', workflowExecutionRetentionPeriod: { seconds: 86_400 as never } },
    });
    // The services learn of a namespace a few seconds after it was made.
    expect(await until(() => registerSearchAttributes(admin, 'default').then(() => true), 60_000, 500)).toBe(true);
    const writing = await connected(['default:write', 'default:worker']);
    const metadata = { authorization: `Bearer ${await tokenOf(['default:write', 'default:worker'])}` };
    const native = await NativeConnection.connect({ address: server.address, metadata });
    ends.push(() => native.close());
    const policy = testPolicy({ approval: { people: 1, expiresAfterMs: 600_000 } });
    harness = await startHarness({ client: new Client({ connection: writing }), native }, createWorld({ policy }));
    ends.push(() => harness.stop());
    reader = new Client({ connection: await connected(['default:read']) });
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  async function connected(permissions: readonly string[]): Promise<Connection> {
    const metadata = { authorization: `Bearer ${await tokenOf(permissions)}` };
    const connection = await Connection.connect({ address: server.address, metadata });
    ends.push(() => connection.close());
    return connection;
  }

  test('lets a reader see a run, and neither start, decide about, wake nor end one', async () => {
    const { taskQueue } = harness;
    const started = await until(() => harness.start({ group: 'guarded', steps: ['a'] }), 60_000, 500);
    const { plan } = await harness.until(started as never, 'awaiting-approval');
    const seen = await runStatus(reader, 'redis/guarded');
    expect(seen.status).toMatchObject({ state: 'awaiting-approval', plan: { hash: plan?.hash } });

    const run = reader.workflow.getHandle('redis/guarded');
    const approve = { args: [{ planHash: plan?.hash ?? '', by: 'ann@example.com' }] as [object] };
    const tries: Record<string, () => Promise<unknown>> = {
      start: () => reader.workflow.start('redisSwitchover', { workflowId: 'x', taskQueue, args: [{ group: 'x' }] }),
      update: () => run.executeUpdate('approve', approve),
      signal: () => run.signal('wake'),
      cancel: () => run.cancel(),
      terminate: () => run.terminate(),
    };
    for (const [what, act] of Object.entries(tries))
      expect([what, await act().then(() => 'done', reasonOf)]).toEqual([what, 'Request unauthorized.']);
    const stranger = new Client({ connection: await Connection.connect({ address: server.address }) });
    ends.push(() => stranger.connection.close());
    const asked = stranger.workflow.getHandle('redis/guarded').describe();
    expect(await asked.then(() => 'done', reasonOf)).toBe('Request unauthorized.');

    // Whoever holds the token of the API decides, and the run goes on.
    expect((await runStatus(reader, 'redis/guarded')).status.state).toBe('awaiting-approval');
    await harness.update(started as never, 'approve', { planHash: plan?.hash ?? '' });
    await harness.until(started as never, 'done');
  });
});

/** What the server said, beneath what the SDK made of it. */
function reasonOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause)
    if ('details' in at && typeof at.details === 'string') return at.details;
  return String(error);
}
