import { expect, test } from 'vitest';
import { until } from '../../../../lab/clock.ts';
import { withRedis } from '../../../../lab/redis/client.ts';
import type { RedisActivities, RedisSwitchoverData } from '../../../../activities/redis/index.ts';
import { GantryError } from '../../../../src/errors/index.ts';
import { describeWith, stopping } from '../../../support/lab.ts';
import type { Scene, SceneOptions } from '../scene.ts';
import { addressOf, codeOf, hooked, killed, roles, run, scene, writeIsHeld } from '../scene.ts';

const watched = (options: SceneOptions = {}): Promise<Scene> => scene({ replicas: 2, sentinels: {}, ...options });

function sentinelsOf(s: Scene): NonNullable<Scene['sentinels']> {
  if (!s.sentinels) throw new Error('the scene has Sentinels');
  return s.sentinels;
}

/** Lets every Sentinel name `name`; answers whether they do. */
async function agreed(s: Scene, name: string, withinMs = 5_000): Promise<true | undefined> {
  const { host, port } = s.lab.node(name);
  return until(async () => {
    const named = Object.values(await sentinelsOf(s).named());
    return named.length === 3 && named.every((one) => one === `${host}:${port}`) && true;
  }, withinMs);
}

/** The codes of everything that a plan is refused for. */
async function codesOf(planning: Promise<unknown>): Promise<string[]> {
  try {
    await planning;
    return [];
  } catch (error) {
    return [...new Set(JSON.stringify(error).match(/[A-Z]{4,}(_[A-Z]+)+/g) ?? [])];
  }
}

async function prepared(s: Scene, to = 'r2') {
  const a = s.activities();
  const { data } = await s.plan({ to });
  await run(a.redisPrepareCandidate, 'ensure', data);
  await run(a.redisPreferCandidate, 'ensure', data);
  return { a, data };
}

/** The steps behind a handover, each of which has to find what it wants. */
async function finished(a: RedisActivities, data: RedisSwitchoverData): Promise<void> {
  expect(await run(a.redisSettle, 'ensure', data)).toMatchObject({ verdict: 'done' });
  expect(await run(a.redisRepointSiblings, 'ensure', data)).toMatchObject({ verdict: 'done' });
  expect(await run(a.redisRestoreWriteSafety, 'ensure', data)).toMatchObject({ verdict: 'done' });
  expect(await run(a.redisRestorePriorities, 'ensure', data)).toMatchObject({ verdict: 'done' });
  expect(await run(a.redisProveSentinels, 'ensure', data)).toMatchObject({ verdict: 'done' });
  expect(await run(a.redisProveRoles, 'ensure', data)).toMatchObject({ verdict: 'done' });
}

await describeWith(['redis'], 'a handover under Sentinel', () => {
  test('loses no acknowledged write in five handovers under load, and the Sentinels agree without a second election', async () => {
    const s = await watched();
    const writers = await s.writers();
    for (const to of ['r2', 'r3', 'r1', 'r3', 'r2']) {
      const { a, data } = await prepared(s, to);
      expect(data.procedure).toBe('sentinel');
      const [before] = Object.values(await sentinelsOf(s).configEpochs());
      const sinceMs = await writers.mark(to);

      const report = await run(a.redisHandover, 'ensure', data);

      expect(report).toMatchObject({ verdict: 'done', changed: true });
      expect(await agreed(s, to)).toBe(true);
      await finished(a, data);
      const { twoPrimaries } = await writers.twoPrimaries({ sinceMs });
      expect(twoPrimaries).toBe(false);
      const epochs = Object.values(await sentinelsOf(s).configEpochs());
      expect(epochs).toEqual([Number(before) + 1, Number(before) + 1, Number(before) + 1]);
    }
    await writers.stop();
    expect(await writers.verify(s.lab.node('r2'))).toMatchObject({ lost: 0 });
  });

  test('is refused by the planner where FAILOVER, `fast`, a lost quorum or a failover under way speak against it', async () => {
    const s = await watched();
    for (const procedure of ['fast', 'failover', 'coordinated'] as const) {
      expect(await codeOf(s.plan({ procedure }))).toBe('REDIS_PROCEDURE_IMPOSSIBLE');
    }
    const [leader] = sentinelsOf(s).nodes;
    if (!leader) throw new Error('there are Sentinels');
    await withRedis(leader, sentinelsOf(s).login, (client) => client.call('SENTINEL', 'FAILOVER', 'sessions'));
    expect(await codesOf(s.plan())).toContain('SENTINEL_FAILOVER_IN_PROGRESS');

    for (const name of ['s2', 's3']) await sentinelsOf(s).node(name).kill();
    const codes = await until(async () => {
      const seen = await codesOf(s.plan());
      return seen.includes('SENTINEL_NO_QUORUM') && seen;
    }, 20_000);
    expect(codes).toBeDefined();
  });

  test('is refused where Sentinels listen that the platform file does not name', async () => {
    const s = await watched();
    const config = { ...s.config };
    delete config.sentinel;
    const unaware = s.activities(undefined, undefined, config);
    expect(await codesOf(s.plan({}, unaware))).toContain('REDIS_SENTINEL_PRESENT');
  });

  test('goes on where its worker died: before the switch was seen, and before the old primary was demoted', async () => {
    const s = await watched();
    const { data } = await prepared(s);
    // Dies right after the Sentinel was asked: writes stay held, nobody demotes the old primary.
    const dying = s.activities(undefined, undefined, undefined, { failover: { after: killed } });
    expect(await codeOf(run(dying.redisHandover, 'ensure', data))).toBe('UNEXPECTED');
    await until(async () => (await roles(s))['r2'] === 'primary', 5_000);
    expect(await run(s.activities().redisHandover, 'inspect', data)).toMatchObject({ verdict: 'todo', begun: true });

    const retry = await run(s.activities().redisHandover, 'ensure', data, { attempt: 2 });

    expect(retry).toMatchObject({ verdict: 'done', changed: true });
    await expect.poll(() => roles(s)).toMatchObject({ r1: 'replica', r2: 'primary' });
    expect(await agreed(s, 'r2')).toBe(true);
    expect(await writeIsHeld(s, 'r2')).toBe(false);
  });

  test('lets writes go on at once when the Sentinel refuses, and changes nothing', async () => {
    const s = await watched();
    const { data } = await prepared(s);
    const refuse = (): never => {
      throw new GantryError('SENTINEL_NO_GOOD_REPLICA', 'no good replica');
    };
    const refused = s.activities(undefined, undefined, undefined, { failover: { before: refuse } });
    expect(await codeOf(run(refused.redisHandover, 'ensure', data))).toBe('SENTINEL_NO_GOOD_REPLICA');
    expect(await writeIsHeld(s, 'r1')).toBe(false);
    expect(await roles(s)).toMatchObject({ r1: 'primary', r2: 'replica' });
    await run(s.activities().redisPreferCandidate, 'undo', data, { before: { epochs: {}, nodes: {}, sentinels: [] } });
    const r2 = await s.node('r2');
    expect(await r2.configGet(['replica-priority'])).toEqual({ 'replica-priority': '100' });
    r2.close();
  });

  test('holds no write where a name of the platform file does not resolve: an address could be anybody’s', async () => {
    const s = await watched();
    const { data } = await prepared(s);
    const [r1, r2, r3] = s.config.nodes;
    if (!r1 || !r2 || !r3) throw new Error('three nodes');
    const config = { ...s.config, nodes: [r1, r2, { ...r3, host: 'gone.invalid' }] };
    const paused: string[] = [];
    const noted = s.activities(hooked({ 'r1.pauseWrites': { before: () => paused.push('r1') } }), undefined, config);
    expect(await codeOf(run(noted.redisHandover, 'ensure', data))).toBe('REDIS_UNREACHABLE');
    expect(paused).toEqual([]);
    expect(await roles(s)).toMatchObject({ r1: 'primary', r2: 'replica' });
  });

  test('follows the Sentinels when they promote another node than the planned one', async () => {
    const s = await watched();
    const { data } = await s.plan({ to: 'r2' });
    const r2 = await s.node('r2');
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    await r2.configPersist({ 'replica-priority': '0' });
    r2.close();
    // Each of them: which one is asked for the failover is not for the test to say.
    const noticed = await until(async () => {
      const told = sentinelsOf(s).nodes.map(async (sentinel) => {
        const known = (await withRedis(sentinel, sentinelsOf(s).login, (c) =>
          c.call('SENTINEL', 'REPLICAS', 'sessions'),
        )) as string[][];
        return known.some((one) => one.join(' ').includes('slave-priority 0'));
      });
      return (await Promise.all(told)).every(Boolean);
    }, 20_000);
    expect(noticed).toBe(true);

    expect(await codeOf(run(s.activities().redisHandover, 'ensure', data))).toBe('HANDOVER_OTHER_PROMOTED');

    // A Sentinel that repoints a node closes its connections: the first question may find one cut.
    await expect.poll(() => roles(s)).toEqual({ r1: 'replica', r2: 'replica', r3: 'primary' });
    expect((await s.told())?.primary).toEqual(addressOf(s.lab.node('r3')));
    expect(await agreed(s, 'r3')).toBe(true);
  });

  test('works with a Sentinel that is dead or frozen, as long as there is a quorum', async () => {
    const s = await watched();
    await sentinelsOf(s).node('s1').kill();
    const { a, data } = await prepared(s);
    sentinelsOf(s).node('s2').freeze();
    stopping({ stop: () => sentinelsOf(s).node('s2').thaw() });
    const code = await codeOf(run(a.redisHandover, 'ensure', data));
    // Two of three are away: whatever the one that is left says, nothing is lost and one node is primary.
    expect([undefined, 'SENTINEL_NO_QUORUM']).toContain(code);
    expect(Object.values(await roles(s)).filter((role) => role === 'primary')).toHaveLength(1);
    expect(await writeIsHeld(s, code ? 'r1' : 'r2')).toBe(false);
  });

  test('needs no other discovery than the Sentinels', async () => {
    const s = await watched({ group: { discovery: { kind: 'sentinel' } } });
    const { a, data } = await prepared(s, 'r3');
    expect(await s.told()).toMatchObject({ primary: addressOf(s.lab.node('r1')) });
    expect(await run(a.redisHandover, 'ensure', data)).toMatchObject({ verdict: 'done' });
    expect((await s.told())?.primary).toEqual(addressOf(s.lab.node('r3')));
    await finished(a, data);
  });
});

await describeWith(['valkey'], 'a handover that the Sentinels coordinate (Valkey 9)', () => {
  test('is chosen where every Sentinel offers it, loses nothing, and has no second election', async () => {
    const s = await watched({ lab: { server: 'valkey' } });
    const writers = await s.writers();
    for (const to of ['r2', 'r3', 'r1']) {
      const { a, data } = await prepared(s, to);
      expect(data.procedure).toBe('coordinated');
      const sinceMs = await writers.mark(to);
      expect(await run(a.redisHandover, 'ensure', data)).toMatchObject({ verdict: 'done', changed: true });
      await finished(a, data);
      expect((await writers.twoPrimaries({ sinceMs })).twoPrimaries).toBe(false);
    }
    await writers.stop();
    expect(await writers.verify(s.lab.node('r1'))).toMatchObject({ lost: 0 });
  });

  test('can be had with a write pause too, if it is asked for', async () => {
    const s = await watched({ lab: { server: 'valkey' } });
    expect((await s.plan({ procedure: 'sentinel' })).data.procedure).toBe('sentinel');
  });
});
