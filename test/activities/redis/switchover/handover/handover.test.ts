import { expect, test } from 'vitest';
import { pause } from '../../../../../lab/clock.ts';
import { describeWith } from '../../../../support/lab.ts';
import { addressOf, codeOf, fingerprint, hooked, killed, roles, run, scene, writeIsHeld } from '../../scene.ts';

await describeWith(['redis'], 'the fast handover', () => {
  test('loses no acknowledged write and never has two primaries', async () => {
    const s = await scene({ replicas: 2 });
    const a = s.activities();
    const { data } = await s.plan({ to: 'r2' });
    const writers = await s.writers();
    await run(a.redisPrepareCandidate, 'ensure', data);
    const sinceMs = await writers.mark('before');

    const report = await run(a.redisHandover, 'ensure', data);

    await pause(500);
    const { twoPrimaries } = await writers.twoPrimaries({ sinceMs });
    await writers.stop();
    expect(twoPrimaries).toBe(false);
    expect(await writers.verify(s.lab.node('r2'))).toMatchObject({ lost: 0 });
    expect(report).toMatchObject({ verdict: 'done', changed: true, after: { state: 'done' } });
    expect(Object.keys(report.measurements ?? {}).sort()).toEqual(['controlMs', 'pausedMs', 'redirectMs']);
  });

  test('is found done by a second run, which changes nothing', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    await run(s.activities().redisHandover, 'ensure', data);
    const before = [await fingerprint(s), await s.told()];

    const again = await run(s.activities().redisHandover, 'ensure', data);

    expect(again).toMatchObject({ verdict: 'done', changed: false });
    expect([await fingerprint(s), await s.told()]).toEqual(before);
  });

  test('is finished by a retry when its worker dies between the demotion and the promotion', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    const dying = s.activities(hooked({ 'r2.promote': { before: killed } }));
    expect(await codeOf(run(dying.redisHandover, 'ensure', data))).toBe('UNEXPECTED');
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'replica' });
    expect(await run(s.activities().redisHandover, 'inspect', data)).toMatchObject({ verdict: 'todo', begun: true });

    const retry = await run(s.activities().redisHandover, 'ensure', data, { attempt: 2 });

    expect(retry).toMatchObject({ verdict: 'done', changed: true });
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary' });
    expect((await s.told())?.primary).toEqual(addressOf(s.lab.node('r2')));
  });

  test('is finished by a retry when its worker dies between the promotion and the redirect', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    const dying = s.activities(hooked({ 'r2.promote': { after: killed } }));
    await codeOf(run(dying.redisHandover, 'ensure', data));
    expect((await s.told())?.primary).toEqual(addressOf(s.lab.node('r1')));

    expect(await run(s.activities().redisHandover, 'ensure', data, { attempt: 2 })).toMatchObject({ verdict: 'done' });
    expect((await s.told())?.primary).toEqual(addressOf(s.lab.node('r2')));
    // The zombie of the first attempt is refused: the epoch on the new primary is above its own.
    const node = await s.node('r2');
    expect(await node.epoch()).toBeGreaterThan(1);
    node.close();
  });

  test('goes on without the demoted node when its predecessor told where it was demoted', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    const dying = s.activities(hooked({ 'r2.promote': { before: killed } }));
    await codeOf(run(dying.redisHandover, 'ensure', data));
    const r1 = await s.node('r1');
    const { offset: demotedAt, replid } = await r1.replication();
    r1.close();
    await s.lab.node('r1').kill();

    expect(await codeOf(run(s.activities().redisHandover, 'ensure', data))).toBe('REDIS_UNREACHABLE');
    expect(await roles(s)).toEqual({ r1: 'gone', r2: 'replica' });
    const resumed = { demotedAt, replid };
    await codeOf(run(s.activities().redisHandover, 'ensure', data, { attempt: 2, resumed }));
    expect(await roles(s)).toEqual({ r1: 'gone', r2: 'primary' });
    expect((await s.told())?.primary).toEqual(addressOf(s.lab.node('r2')));
  });

  test('stops when the offsets do not become equal, and writes go on at once', async () => {
    const s = await scene({
      group: { handover: { pauseMs: 3_000, equalityMs: 200, leaseReserveMs: 500, failoverTimeoutMs: 5_000 } },
    });
    const { data } = await s.plan();
    const behind = s.activities((name, node) =>
      name === 'r2' ? { ...node, replication: async () => ({ ...(await node.replication()), offset: 0 }) } : node,
    );
    expect(await codeOf(run(behind.redisHandover, 'ensure', data))).toBe('HANDOVER_NOT_EQUAL');
    expect(await writeIsHeld(s, 'r1')).toBe(false);
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });
    expect(await run(s.activities().redisHandover, 'inspect', data)).toMatchObject({ verdict: 'todo', begun: false });
  });

  test('keeps exactly one primary whichever node restarts afterwards', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    await run(s.activities().redisHandover, 'ensure', data);
    for (const name of ['r1', 'r2']) {
      await s.lab.node(name).kill();
      await s.lab.node(name).restart();
      expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary' });
    }
  });

  test.each([
    { restarted: ['r2'], first: 'HANDOVER_TAKEN_BACK', meanwhile: { r1: 'primary', r2: 'replica' } },
    { restarted: ['r1'], first: 'HANDOVER_UNPROVEN', meanwhile: { r1: 'replica', r2: 'replica' } },
  ])(
    'promotes only what is proven complete after $restarted restarted in between',
    async ({ restarted, first, meanwhile }) => {
      const s = await scene();
      const { data } = await s.plan();
      await run(s.activities().redisPrepareCandidate, 'ensure', data);
      const dying = s.activities(hooked({ 'r2.promote': { before: killed } }));
      await codeOf(run(dying.redisHandover, 'ensure', data));
      for (const name of restarted) {
        await s.lab.node(name).kill();
        await s.lab.node(name).restart();
      }
      expect(await roles(s)).toEqual({ r1: 'replica', r2: 'replica' });
      expect(await codeOf(run(s.activities().redisHandover, 'ensure', data, { attempt: 2 }))).toBe(first);
      expect(await roles(s)).toEqual(meanwhile);
    },
  );

  test('ends a pause that a dead predecessor left before it raises the epoch', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    const left = await s.node('r1');
    await left.pauseWrites(20_000);
    left.close();
    expect(await run(s.activities().redisHandover, 'ensure', data, { attempt: 2 })).toMatchObject({ verdict: 'done' });
  });
});
