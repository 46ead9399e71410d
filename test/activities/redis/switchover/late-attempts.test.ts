import { expect, test } from 'vitest';
import { until } from '../../../../lab/clock.ts';
import { linkUp } from '../../../../lab/redis/redis.ts';
import { withRedis } from '../../../../lab/redis/client.ts';
import { describeWith } from '../../../support/lab.ts';
import type { Scene } from '../scene.ts';
import { addressOf, codeOf, hooked, killed, password, roles, run, scene, writeIsHeld } from '../scene.ts';

/** `min-replicas-to-write` as a node has it in memory. */
async function setting(s: Scene, name: string): Promise<string | undefined> {
  const node = await s.node(name);
  const config = await node.configGet(['min-replicas-to-write']);
  node.close();
  return config['min-replicas-to-write'];
}

// Both found by the kill sweep: a worker was stopped at the place, another one went on, the first one woke up.
await describeWith(['redis'], 'an attempt that wakes up late', () => {
  test('does not disarm the write safety of the primary that its candidate has become', async () => {
    const s = await scene({ replicas: 2 });
    const { data } = await s.plan({ to: 'r2' });
    const a = s.activities();
    const finish = async (): Promise<void> => {
      await run(a.redisPrepareCandidate, 'ensure', data, { attempt: 2 });
      await run(a.redisHandover, 'ensure', data);
      await run(a.redisRepointSiblings, 'ensure', data);
      await run(a.redisRestoreWriteSafety, 'ensure', data);
    };
    const late = s.activities(hooked({ 'r2.configSetAsReplica': { before: finish } }));
    expect(await codeOf(run(late.redisPrepareCandidate, 'ensure', data))).toBe('HANDOVER_OVERTAKEN');
    expect(await setting(s, 'r2')).toBe('1');
  });

  test('does not set the candidate once more after the preparation was undone', async () => {
    const s = await scene();
    const { data } = await s.plan();
    const a = s.activities();
    const { before } = await run(a.redisPrepareCandidate, 'inspect', data);
    const undo = () => run(a.redisPrepareCandidate, 'undo', data, before === undefined ? {} : { before });
    const late = s.activities(hooked({ 'r2.configSetAsReplica': { before: undo } }));
    expect(await codeOf(run(late.redisPrepareCandidate, 'ensure', data))).toBe('HANDOVER_OVERTAKEN');
    expect(await setting(s, 'r2')).toBe('1');
  });

  test('does not set a priority once more after the preference of a candidate was undone', async () => {
    const s = await scene({ replicas: 2, sentinels: {} });
    const { data } = await s.plan({ to: 'r2' });
    const [change] = data.sentinel?.priorities ?? [];
    if (!change) throw new Error('the Sentinels have to be told by a priority');
    const a = s.activities();
    const { before } = await run(a.redisPreferCandidate, 'inspect', data);
    const undo = () => run(a.redisPreferCandidate, 'undo', data, before === undefined ? {} : { before });
    const late = s.activities(hooked({ [`${change.name}.configSetAsReplica`]: { before: undo } }));
    expect(await codeOf(run(late.redisPreferCandidate, 'ensure', data))).toBe('HANDOVER_OVERTAKEN');
    const node = await s.node(change.name);
    expect(await node.configGet(['replica-priority'])).toEqual({ 'replica-priority': String(change.before) });
    node.close();
  });

  test('does not begin a handover that was undone before it had an epoch of its own', async () => {
    const s = await scene();
    const { data } = await s.plan();
    const a = s.activities();
    const { before } = await run(a.redisHandover, 'inspect', data);
    const late = s.activities(
      hooked({ 'r1.raiseEpoch': { before: () => run(a.redisHandover, 'undo', data, { before }) } }),
    );
    expect(await codeOf(run(late.redisHandover, 'ensure', data))).toBe('HANDOVER_OVERTAKEN');
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });
    expect(await writeIsHeld(s, 'r1')).toBe(false);
  });

  test('does not promote what it found in between once the group has moved on and back', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    const dying = s.activities(hooked({ 'r2.promote': { before: killed } }));
    await codeOf(run(dying.redisHandover, 'ensure', data));
    const [r1, r2] = [s.lab.node('r1'), s.lab.node('r2')];
    const onAndBack = async (): Promise<void> => {
      await run(s.activities().redisHandover, 'ensure', data, { attempt: 3 });
      await withRedis(r1, password, (client) => client.replicaof('NO', 'ONE'));
      // By hand, so that the sleeper keeps its connection: only the epoch is left to refuse it.
      await withRedis(r2, password, (client) => client.replicaof(r1.host, r1.port));
      await linkUp(r2, password);
    };
    const late = s.activities(hooked({ 'r2.promote': { before: onAndBack } }));
    expect(await codeOf(run(late.redisHandover, 'ensure', data, { attempt: 2 }))).toBe('HANDOVER_OVERTAKEN');
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });
  });

  test('does not re-point a sibling that has become primary, nor one that knows a later epoch', async () => {
    const s = await scene({ replicas: 2 });
    const r3 = await s.node('r3');
    const epoch = await r3.epoch();
    const to = addressOf(s.lab.node('r2'));
    await withRedis(s.lab.node('r1'), password, (client) => client.incr('gantry:epoch'));
    await until(async () => (await r3.epoch()) > epoch, 2_000);
    await expect(r3.repoint(epoch, to)).rejects.toMatchObject({ code: 'STALE_ATTEMPT' });
    await withRedis(s.lab.node('r3'), password, (client) => client.replicaof('NO', 'ONE'));
    await expect(r3.repoint(epoch + 1, to)).rejects.toMatchObject({ code: 'STALE_ATTEMPT' });
    r3.close();
    expect((await roles(s))['r3']).toBe('primary');
  });

  test('is content when clients have been told of the same primary under a later epoch', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    const finish = () => run(s.activities().redisHandover, 'ensure', data, { attempt: 2 });
    const late = s.activities(hooked({ 'r2.promote': { after: finish } }));
    expect(await run(late.redisHandover, 'ensure', data)).toMatchObject({ verdict: 'done' });
    expect((await s.told())?.primary).toEqual(addressOf(s.lab.node('r2')));
  });
});
