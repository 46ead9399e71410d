import { expect, test } from 'vitest';
import { pause, until } from '../../../lab/clock.ts';
import { withRedis } from '../../../lab/redis-client.ts';
import type { SentinelNode } from '../../../src/drivers/sentinel/index.ts';
import { describeWith } from '../../support/lab.ts';
import type { Scene, SceneOptions } from './scene.ts';
import { addressOf, codeOf, hooked, killed, roles, run, scene, writeMs } from './scene.ts';

const watched = (options: SceneOptions = {}): Promise<Scene> => scene({ replicas: 2, sentinels: {}, ...options });

function sentinelsOf(s: Scene): NonNullable<Scene['sentinels']> {
  if (!s.sentinels) throw new Error('the scene has Sentinels');
  return s.sentinels;
}

/** Lets every Sentinel name `name`; answers how long that took, or nothing after `withinMs`. */
async function agreed(s: Scene, name: string, withinMs = 5_000): Promise<number | undefined> {
  const { host, port } = s.lab.node(name);
  const from = performance.now();
  return until(async () => {
    const named = Object.values(await sentinelsOf(s).named());
    return named.length === 3 && named.every((one) => one === `${host}:${port}`) && performance.now() - from;
  }, withinMs);
}

async function prepared(s: Scene, to = 'r2') {
  const a = s.activities();
  const { data } = await s.plan({ to });
  await run(a.redisPrepareCandidate, 'ensure', data);
  await run(a.redisPreferCandidate, 'ensure', data);
  return { a, data };
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
      expect(await agreed(s, to)).toBeLessThan(5_000);
      for (const step of [a.redisRepointSiblings, a.redisRestoreWriteSafety, a.redisRestorePriorities]) {
        expect(await run(step as typeof a.redisHandover, 'ensure', data)).toMatchObject({ verdict: 'done' });
      }
      expect(await run(a.redisProveSentinels, 'ensure', data)).toMatchObject({ verdict: 'done' });
      expect(await run(a.redisProveRoles, 'ensure', data)).toMatchObject({ verdict: 'done' });
      const { twoPrimaries } = await writers.twoPrimaries({ sinceMs });
      expect(twoPrimaries).toBe(false);
      const epochs = Object.values(await sentinelsOf(s).configEpochs());
      expect(epochs).toEqual([Number(before) + 1, Number(before) + 1, Number(before) + 1]);
      console.error(to, JSON.stringify(report.measurements), JSON.stringify(await writers.gap(to).then((g) => g.maxMs)));
    }
    await writers.stop();
    expect(await writers.verify(s.lab.node('r2'))).toMatchObject({ lost: 0 });
  }, 180_000);
});
