import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonShapes } from '../../src/cli/json.ts';
import { livePollers } from '../../src/client/index.ts';
import { gantry } from '../cli/terminal.ts';
import { labFolder } from '../support/lab.ts';
import type { FakeServer } from './server.ts';
import { startFakeServer } from './server.ts';

// The command line against a real server, with runs that only speak the protocol.

let server: FakeServer;
let stop: () => void;
let stopped: Promise<unknown>;
const taskQueue = 'gantry';

beforeAll(async () => {
  server = await startFakeServer();
  stopped = server.withWorker(taskQueue, () => new Promise<void>((resolve) => (stop = resolve)));
  while ((await livePollers(server.client, taskQueue, 'workflow')).length === 0) await sleep(50);
});
afterAll(async () => {
  stop();
  await stopped;
  await server.stop();
});

const say = (argv: readonly string[]) => gantry([...argv, '--address', server.address]);

async function sayJson<S extends z.ZodType>(shape: S, argv: readonly string[]): Promise<z.output<S>> {
  const { json, err } = await say([...argv, '--json']);
  expect(err).toBe('');
  return shape.parse(json);
}

async function state(id: string): Promise<string> {
  return (await sayJson(jsonShapes.run, ['run', id])).run.state;
}

describe('a run from the command line', () => {
  it('waits for approval where nobody can be asked, and says how to give it', async () => {
    const { code, out, err } = await say(['redis', 'switchover', 'waits', '--reason', 'CHG-1']);
    expect(code).toBe(0);
    expect(err).toContain('started redis/waits');
    expect(err).toContain('plan good');
    expect(out).toContain('gantry approve redis/waits --plan-hash good');
    expect((await say(['approve', 'redis/waits'])).code).toBe(2);
    const refused = await sayJson(jsonShapes.error, ['approve', 'redis/waits', '--plan-hash', 'other']);
    expect(refused.error.code).toBe('APPROVAL_REJECTED');
    await sayJson(jsonShapes.act, ['approve', 'redis/waits', '--plan-hash', 'good', '--as', 'bob']);
    await expect.poll(() => state('redis/waits')).toBe('done');
  });

  it('approves with --yes exactly the plan that it has shown, says so, and follows to the end', async () => {
    const { code, out, err } = await say(['redis', 'switchover', 'whole', '--yes', '--follow', '--as', 'ann']);
    expect(code).toBe(0);
    expect(err).toContain('approving plan good, shown above, as ann');
    expect(out).toContain(' done');
  });

  it('with --json prints one object, with the report once it has ended', async () => {
    const { run, report } = await sayJson(jsonShapes.run, ['redis', 'switchover', 'json', '--yes', '--follow']);
    expect(run).toMatchObject({ state: 'done', requestedBy: expect.stringMatching(/^ann@/) as string });
    expect(report).toMatchObject({ outcome: 'done', workflowId: 'redis/json' });
  });

  it('fails when its run fails', async () => {
    const { code, json } = await say(['redis', 'switchover', 'bad', '--reason', 'fail', '--yes', '--follow', '--json']);
    expect(code).toBe(1);
    expect(jsonShapes.run.parse(json).report).toMatchObject({ outcome: 'failed' });
    // As somebody hears who waits for it elsewhere; only looking at it is another matter.
    expect((await say(['run', 'redis/bad', '--follow'])).code).toBe(1);
    expect((await say(['run', 'redis/bad'])).code).toBe(0);
  });

  it('as a dry run prints the plan and leaves nothing behind', async () => {
    const { code, out } = await say(['redis', 'switchover', 'dry', '--dry-run']);
    expect(code).toBe(0);
    expect(out).toContain('plan good');
    expect((await sayJson(jsonShapes.error, ['run', 'redis/dry'])).error.code).toBe('RUN_NOT_FOUND');
  });

  it('is refused while another holds the lock, naming it', async () => {
    await say(['redis', 'switchover', 'held', '--as', 'carol']);
    const { code, err } = await say(['redis', 'switchover', 'held']);
    expect(code).toBe(1);
    expect(err).toContain('RESOURCE_BUSY');
    expect(err).toContain('carol');
    expect((await say(['abort', 'redis/held', '--reason', 'enough'])).code).toBe(0);
    await expect.poll(() => state('redis/held')).toBe('aborted');
    const late = await say(['pause', 'redis/held']);
    expect(late).toMatchObject({ code: 1, err: expect.stringContaining('WRONG_STATE') as string });
  });

  it('is listed, and shown as text and as Markdown', async () => {
    await say(['redis', 'switchover', 'shown', '--yes', '--follow']);
    await expect
      .poll(async () => (await sayJson(jsonShapes.runs, ['runs', '--target', 'shown', '--state', 'done'])).runs.length)
      .toBe(1);
    expect((await say(['runs'])).out).toContain('redis/shown');
    expect((await say(['run', 'redis/shown'])).out).toContain('hand over');
    expect((await say(['run', 'redis/shown', '--markdown'])).out).toContain('# redis.switchover shown: done');
  });
});

describe('doctor', () => {
  it('sees which queue nobody polls, and does not call what it could not look at well', async () => {
    const folder = labFolder();
    const path = join(folder, 'platform.yaml');
    writeFileSync(
      path,
      `version: 1
name: lab
regions: { r1: { zones: {} } }
reports: { folder: ${folder} }
redis:
  groups:
    sessions:
      region: r1
      nodes: [{ name: a, host: 127.0.0.1, port: 1 }, { name: b, host: 127.0.0.1, port: 2 }]
      discovery: { kind: http, url: "http://127.0.0.1:3/sessions" }
      failover: { vantages: [rack-a] }
`,
    );
    const argv = ['doctor', '--json', '--address', server.address];
    const { code, json } = await gantry(argv, { env: { GANTRY_PLATFORM: path } });
    expect(code).toBe(1);
    const { checks } = jsonShapes.doctor.parse(json);
    const by = (name: string) => checks.find((check) => check.name === name)?.state;
    expect({ server: by('server'), attributes: by('search attributes'), workflows: by('queue gantry') }).toEqual({
      server: 'ok',
      attributes: 'ok',
      workflows: 'ok',
    });
    // This test's worker is none of Gantry's own, and says no version.
    expect(by('worker versions')).toBe('unknown');
    expect({ redis: by('queue gantry-redis'), leftBehind: by('left behind') }).toEqual({
      redis: 'bad',
      leftBehind: 'unknown',
    });
    // Without a majority of them no failover is made.
    expect(by('queue gantry-redis-vantage-rack-a')).toBe('bad');
  });
});
