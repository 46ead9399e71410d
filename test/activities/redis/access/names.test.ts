import { expect, test } from 'vitest';
import { describeWith } from '../../../support/lab.ts';
import type { Scene } from '../scene.ts';
import { codeOf, hooked, killed, roles, run, scene } from '../scene.ts';

/** The platform file says `localhost`; the nodes follow and announce 127.0.0.1. */
const byName = { host: 'localhost' };

async function rest(s: Scene, data: Awaited<ReturnType<Scene['plan']>>['data']): Promise<void> {
  const a = s.activities();
  await run(a.redisSettle, 'ensure', data);
  await run(a.redisRepointSiblings, 'ensure', data);
  await run(a.redisRestoreWriteSafety, 'ensure', data);
  expect(await run(a.redisProveRoles, 'ensure', data)).toMatchObject({ verdict: 'done' });
}

await describeWith(['redis'], 'nodes that know each other by other names than the platform file', () => {
  test('are handed over, also when the worker dies between the demotion and the promotion', async () => {
    const s = await scene({ ...byName, replicas: 2 });
    const { data } = await s.plan({ to: 'r2', procedure: 'fast' });
    const port = (name: string): number => s.lab.node(name).port;
    expect(data.knownAs).toEqual({
      primary: { host: '127.0.0.1', port: port('r1') },
      candidate: { host: '127.0.0.1', port: port('r2') },
    });
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    const dying = s.activities(hooked({ 'r2.promote': { before: killed } }));
    await codeOf(run(dying.redisHandover, 'ensure', data));
    expect(await run(s.activities().redisHandover, 'inspect', data)).toMatchObject({ verdict: 'todo', begun: true });
    expect(await run(s.activities().redisHandover, 'ensure', data, { attempt: 2 })).toMatchObject({ verdict: 'done' });
    await rest(s, data);
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary', r3: 'replica' });
  });

  test('are taken back when the candidate restarted in between, though it then has a history of its own', async () => {
    const s = await scene(byName);
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    const dying = s.activities(hooked({ 'r2.promote': { before: killed } }));
    await codeOf(run(dying.redisHandover, 'ensure', data));
    await s.lab.node('r2').kill();
    await s.lab.node('r2').restart();
    expect(await codeOf(run(s.activities().redisHandover, 'ensure', data, { attempt: 2 }))).toBe('HANDOVER_TAKEN_BACK');
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });
  });

  test('are handed over by FAILOVER, and the old primary follows the platform file afterwards', async () => {
    const s = await scene({ ...byName, replicas: 2 });
    const { data } = await s.plan({ to: 'r2', procedure: 'failover' });
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    expect(await run(s.activities().redisHandover, 'ensure', data)).toMatchObject({ verdict: 'done' });
    await rest(s, data);
    const old = await s.node('r1');
    expect((await old.replication()).follows).toEqual({ host: 'localhost', port: s.lab.node('r2').port });
    old.close();
    await s.lab.node('r1').kill();
    await s.lab.node('r1').restart();
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary', r3: 'replica' });
  });

  test('are settled by the next step when the worker dies right after the FAILOVER', async () => {
    const s = await scene(byName);
    const { data } = await s.plan({ procedure: 'failover' });
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    const dying = s.activities(hooked({ 'r1.repoint': { before: killed } }));
    await codeOf(run(dying.redisHandover, 'ensure', data));
    expect(await run(s.activities().redisHandover, 'ensure', data, { attempt: 2 })).toMatchObject({ verdict: 'done' });
    await rest(s, data);
  });
});

await describeWith(['redis'], 'a replica that the platform file does not list', () => {
  test('is warned of with its address', async () => {
    const s = await scene({ replicas: 2 });
    expect((await s.plan()).warnings).toEqual([]);
    s.config.nodes.splice(2);
    const { warnings } = await s.plan();
    expect(warnings.join()).toContain(`127.0.0.1:${s.lab.node('r3').port} follows r1`);
  });

  test('does not stand in for the candidate when the canary is looked for', async () => {
    const s = await scene({ replicas: 2 });
    s.config.nodes.splice(2);
    const { data } = await s.plan();
    const held = await s.node('r2');
    // A write pause on a replica holds what its primary sends it, while it goes on answering.
    await held.pauseWrites(20_000);
    expect(await codeOf(run(s.activities().redisCanary, 'ensure', data))).toBe('REDIS_REPLICA_LAGGING');
    await held.unpause();
    held.close();
    expect(await run(s.activities().redisCanary, 'ensure', data)).toMatchObject({ verdict: 'done' });
  });
});
