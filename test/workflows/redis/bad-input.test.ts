import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withRedis } from '../../../lab/redis/client.ts';
import type { RedisNode } from '../../../src/drivers/redis/index.ts';
import { isErrorCode } from '../../../src/errors/index.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import type { SwitchoverRig } from '../../support/switchover-rig.ts';
import { portrait, startSwitchoverRig } from '../../support/switchover-rig.ts';
import { codeOf, reportOf } from '../run/harness.ts';

// What is refused is refused whole: every problem at once, each with a hint, and nothing on Redis is changed.
await describeWith(['temporal', 'redis'], 'redis.switchover refuses', () => {
  const server = useTemporal();
  let rig: SwitchoverRig;
  let runs = 0;
  beforeAll(async () => {
    rig = await startSwitchoverRig(server());
  });
  afterAll(() => rig?.stop());

  /** Runs into a refusal; answers its code and report. Fails when the group was changed by it. */
  const refused = async (
    input: unknown,
    on = rig,
  ): Promise<{ code: string; report: RunReport | undefined; message: string }> => {
    const before = await portrait(on);
    const handle = await server().client.workflow.start('redisSwitchover', {
      workflowId: `refused-${(runs += 1)}`,
      taskQueue: on.taskQueue,
      args: [input],
    });
    const error: unknown = await handle.result().then(
      () => new Error('it was not refused'),
      (caught: unknown) => caught,
    );
    expect(await portrait(on)).toEqual(before);
    const code = codeOf(error);
    if (!isErrorCode(code)) throw error;
    let deepest = error as { message: string; cause?: unknown };
    while (deepest.cause) deepest = deepest.cause as typeof deepest;
    const inner = error as { cause?: { cause?: unknown } };
    return { code, report: reportOf(error) ?? reportOf(inner.cause), message: deepest.message };
  };

  test.each([[null], [[]], ['sessions'], [7], [{}], [{ group: 7 }]])('the input %j', async (input) => {
    const { code, message } = await refused(input);
    expect(code).toBe('INVALID_INPUT');
    expect(message).toMatch(/must be/);
  });

  test('an input with several mistakes, all of them at once', async () => {
    const { code, report } = await refused({ group: 'sessions', to: 7, procedure: 'magic', nonsense: true });
    expect(code).toBe('INVALID_INPUT');
    const places = report?.problem?.problems.map((problem) => problem.place ?? problem.message).join(' ');
    expect(places).toContain('to');
    expect(places).toContain('procedure');
    expect(report?.problem?.problems.length).toBeGreaterThanOrEqual(3);
    expect(report?.problem?.hint).toBeTruthy();
  });

  test('an unknown group, naming the known ones', async () => {
    const { code, message } = await refused({ group: 'nobody' });
    expect(code).toBe('REDIS_UNKNOWN_GROUP');
    expect(message).toContain('sessions');
  });

  test('an unknown candidate, and a candidate that is primary already', async () => {
    expect((await refused({ group: 'sessions', to: 'r9' })).code).toBe('REDIS_UNKNOWN_NODE');
    expect((await refused({ group: 'sessions', to: 'r1' })).code).toBe('REDIS_ALREADY_PRIMARY');
  });

  test('a wrong password', async () => {
    const wrong = await startSwitchoverRig(server(), {
      replicas: 1,
      env: { GANTRY_LAB_REDIS_PASSWORD: 'wrong-and-secret' },
    });
    try {
      const { code, report, message } = await refused({ group: 'sessions' }, wrong);
      expect(code).toBe('REDIS_AUTH_FAILED');
      expect(JSON.stringify(report) + message).not.toContain('wrong-and-secret');
      expect(report?.problem?.problems).toHaveLength(2);
    } finally {
      await wrong.stop();
    }
  });

  test('a password that the worker does not have', async () => {
    const missing = await startSwitchoverRig(server(), { replicas: 1, env: { GANTRY_LAB_REDIS_PASSWORD: '' } });
    try {
      expect((await refused({ group: 'sessions' }, missing)).code).toBe('SECRET_NOT_FOUND');
    } finally {
      await missing.stop();
    }
  });

  test('a group in which two nodes say that they are primary', async () => {
    const split = await startSwitchoverRig(server());
    try {
      await withRedis(split.group.node('r3'), split.group.password, (redis) => redis.replicaof('NO', 'ONE'));
      expect((await refused({ group: 'sessions' }, split)).code).toBe('REDIS_SPLIT_BRAIN');
    } finally {
      await split.stop();
    }
  });

  test('a candidate that is behind the lag limit, saying by how much', async () => {
    const behind = await startSwitchoverRig(server(), { settings: { lagLimit: '1KiB' } });
    try {
      const { nodes, password } = behind.group;
      const [r1, ...replicas] = nodes;
      if (!r1) throw new Error('a group has nodes');
      // A write pause on a replica holds back what its primary sends; it goes on answering.
      for (const node of replicas)
        await withRedis(node, password, (redis) => redis.call('CLIENT', 'PAUSE', '30000', 'WRITE'));
      await withRedis(r1, password, (redis) => redis.set('filler', 'x'.repeat(8_192)));
      const { code, report } = await refused({ group: 'sessions', to: 'r2' }, behind);
      expect(code).toBe('REDIS_REPLICA_LAGGING');
      expect(report?.problem?.problems).toMatchObject([
        { place: 'r2', message: expect.stringMatching(/\d{4} bytes behind; the limit is 1024/) as string },
      ]);
      expect((await refused({ group: 'sessions' }, behind)).code).toBe('REDIS_NO_HEALTHY_REPLICA');
    } finally {
      await behind.stop();
    }
  });

  test('a replica of another version', async () => {
    let others = 0;
    const mixed = await startSwitchoverRig(server(), {
      replicas: 1,
      wrapDriver: (name, driver) => {
        if (!isNode(name, driver) || driver.endpoint.port !== mixed.group.node('r2').port) return driver;
        const info = async (section: string) => {
          others += 1;
          return { ...(await driver.info(section)), redis_version: '6.2.14' };
        };
        return { ...driver, info };
      },
    });
    try {
      const { code, report } = await refused({ group: 'sessions', to: 'r2' }, mixed);
      expect(code).toBe('REDIS_VERSION_MISMATCH');
      expect(report?.problem?.problems[0]).toMatchObject({ place: 'r2' });
      expect(others).toBeGreaterThan(0);
    } finally {
      await mixed.stop();
    }
  });

  test('a platform file with mistakes: neither the check nor a worker goes on, each mistake with its place', async () => {
    const before = await portrait(rig);
    const path = join(dirname(rig.platformFile), 'malformed.yaml');
    writeFileSync(path, readFileSync(rig.platformFile, 'utf8').replaceAll(/port: *\d+|"port": *\d+/g, 'port: many'));
    const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', GANTRY_PLATFORM: path, ...rig.env };
    const run = async (...args: string[]): Promise<{ code: number; said: string }> => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', ...args], {
        env,
        encoding: 'utf8',
      });
      return { code: status ?? -1, said: stdout + stderr };
    };
    for (const args of [['src/cli/main.ts', 'platform', 'check', path], ['workers/main.ts']]) {
      const { code, said } = await run(...args);
      expect(code).toBeGreaterThan(0);
      expect(said).toMatch(/PLATFORM_INVALID/);
      expect(said).toMatch(/malformed\.yaml:\d+:\d+/);
    }
    expect(await portrait(rig)).toEqual(before);
  });

  test('a group whose replicas are all dead, naming each', async () => {
    await rig.group.node('r2').kill();
    await rig.group.node('r3').kill();
    const { code, report } = await refused({ group: 'sessions' });
    expect(report?.outcome).toBe('refused');
    expect(code).toBe('REDIS_UNREACHABLE');
    const said = JSON.stringify(report?.problem?.problems);
    expect(said).toContain('r2');
    expect(said).toContain('r3');
    expect(said).toContain('REDIS_NO_HEALTHY_REPLICA');
  });
});

function isNode<T extends object>(name: string, driver: T): driver is T & RedisNode {
  return name === 'redis' && 'info' in driver;
}
