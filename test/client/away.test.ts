import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTemporal } from '../../lab/temporal/temporal.ts';
import type { RunningTemporal } from '../../lab/temporal/temporal.ts';
import { jsonShapes } from '../../src/cli/json.ts';
import { pause } from '../../src/client/index.ts';
import type { RunReport } from '../../src/runs/index.ts';
import { searchAttributeNames } from '../../src/runs/index.ts';
import { gantry } from '../cli/terminal.ts';
import { describeWith } from '../support/lab.ts';
import { startHarness } from '../workflows/run/harness.ts';
import { createWorld, holdAt } from '../workflows/run/world.ts';

// Workers whose server is away on purpose are no news.
Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'ERROR' } } });

// Real runs, while their workers or their server are away.
await describeWith(['temporal'], 'somebody is away', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-away-'));
  const searchAttributes = Object.fromEntries(
    Object.values(searchAttributeNames).map((name) => [name, 'Keyword' as const]),
  );
  let temporal: RunningTemporal;
  let port: number;
  let client: Client;
  let connection: Connection;
  const serve = () => startTemporal({ stateDir, port, dbFile: join(stateDir, 'temporal.db'), searchAttributes });

  beforeAll(async () => {
    temporal = await startTemporal({ stateDir, dbFile: join(stateDir, 'temporal.db'), searchAttributes });
    port = Number(temporal.address.split(':')[1]);
    connection = await Connection.connect({
      address: temporal.address,
      channelArgs: { 'grpc.max_reconnect_backoff_ms': 1_000 },
    });
    client = new Client({ connection });
  });
  afterAll(async () => {
    await connection.close();
    await temporal.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  /** Workers over a world; they must end before their server does. */
  async function workers(world: ReturnType<typeof createWorld>, taskQueue?: string) {
    const native = await NativeConnection.connect({ address: temporal.address });
    const harness = await startHarness({ client, native }, world, taskQueue);
    return { ...harness, stop: () => harness.stop().then(() => native.close()) };
  }

  test('a pause that no worker took says that it takes effect when one returns, and it does', async () => {
    const world = createWorld();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const first = await workers(world);
    const handle = await first.start({ group: 'later', steps: ['a', 'b'] });
    await hold.reached;
    // Its activity is given back, and waits for the next worker.
    await first.stop();
    const refused = await pause(client, handle.workflowId, { by: 'ann' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'NO_WORKER',
      message: expect.stringMatching(/takes effect when a worker returns/) as string,
    });
    world.hook = async () => undefined;
    const second = await workers(world, first.taskQueue);
    await second.until(handle, 'paused');
    await second.update(handle, 'abort', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    await second.stop();
  });

  /** A run whose step `a` is held, and somebody who follows it from the command line; `told` waits for words of theirs. */
  async function followed(group: string, ...options: string[]) {
    const world = createWorld();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const at = await workers(world);
    const handle = await at.start({ group, steps: ['a', 'b'] });
    await hold.reached;
    let text = '';
    const words = new EventEmitter();
    const heard = (more: string): void => {
      text += more;
      words.emit('more');
    };
    const argv = ['run', handle.workflowId, '--follow', '--address', temporal.address, ...options];
    const following = gantry(argv, { heard });
    const told = async (what: string): Promise<void> => {
      while (!text.includes(what)) await once(words, 'more');
    };
    await told('running');
    return { ...at, handle, hold, following, told };
  }

  test('following outlives a server that is away, says so, and sees the end', async () => {
    const { following, told, hold, stop } = await followed('outlived');
    await temporal.kill();
    await told('the Temporal server does not answer');
    temporal = await serve();
    hold.release();
    const { code, out } = await following;
    expect(out).toMatch(/ done\n/);
    expect(code).toBe(0);
    await stop();
  });

  test('following that cannot see the run for longer than its patience has an exit code of its own', async () => {
    const { following, hold, handle, stop } = await followed('unseen', '--patience', '1s');
    await temporal.kill();
    const { code, err } = await following;
    expect(code).toBe(3);
    expect(err).toContain('gave up: the Temporal server does not answer');
    expect(err).toContain(`gantry run ${handle.workflowId} --follow`);
    temporal = await serve();
    hold.release();
    await handle.result();
    await stop();
  });

  test('following from a script ends where the run is paused, with the command that lets it go on', async () => {
    const { following, hold, handle, stop } = await followed('paused');
    const pausing = await gantry(['pause', handle.workflowId, '--json', '--address', temporal.address]);
    expect(jsonShapes.act.parse(pausing.json)).toMatchObject({
      run: { state: 'running', pending: ['pause'] },
      now: 'once "turn on a" has ended it pauses',
    });
    hold.release();
    const { code, out } = await following;
    expect(code).toBe(1);
    expect(out).toContain(`paused: gantry resume ${handle.workflowId}`);
    const resumed = await gantry(['resume', handle.workflowId, '--address', temporal.address]);
    expect(resumed.out).toContain('resume: it goes on, once what it made is found unchanged');
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    await stop();
  });
});
