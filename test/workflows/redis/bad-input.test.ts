import { afterAll, beforeAll, expect, test } from 'vitest';
import { withRedis } from '../../../lab/redis-client.ts';
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
    for (const to of ['r9', 'r1']) expect(isErrorCode((await refused({ group: 'sessions', to })).code)).toBe(true);
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

  test('a group whose replicas are all dead, naming each', async () => {
    await rig.group.node('r2').kill();
    await rig.group.node('r3').kill();
    const { code, report } = await refused({ group: 'sessions' });
    expect(report?.outcome).toBe('refused');
    expect(['REDIS_NO_HEALTHY_REPLICA', 'REDIS_UNREACHABLE']).toContain(code);
    const said = JSON.stringify(report?.problem?.problems);
    expect(said).toContain('r2');
    expect(said).toContain('r3');
    expect(said).toContain('REDIS_NO_HEALTHY_REPLICA');
  });
});
