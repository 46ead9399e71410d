import { expect, test } from 'vitest';
import { until } from '../../../../lab/clock.ts';
import { describeWith } from '../../../support/lab.ts';
import { codeOf, hooked, roles, run, scene } from '../scene.ts';

await describeWith(['redis'], 'settling a switch by Sentinels', () => {
  test('does not pass while the old primary is away, and demotes it when it comes back as one', async () => {
    const s = await scene({ replicas: 2, sentinels: {} });
    const { data } = await s.plan({ to: 'r2' });
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    await run(s.activities().redisPreferCandidate, 'ensure', data);
    // Dies when the Sentinels have decided, before anybody has demoted it: its file still says primary.
    const dies = s.activities(hooked({ 'r1.stepDown': { before: () => s.lab.node('r1').kill() } }));
    await codeOf(run(dies.redisHandover, 'ensure', data));
    await until(async () => (await roles(s))['r2'] === 'primary', 10_000);
    const settle = () => run(s.activities().redisSettle, 'ensure', data);
    expect(await codeOf(settle())).toBe('REDIS_UNREACHABLE');

    await s.lab.node('r1').restart();
    expect(await roles(s)).toMatchObject({ r1: 'primary', r2: 'primary' });
    expect(await codeOf(settle())).toBeUndefined();
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary', r3: 'replica' });
  });
});
