import { expect, test } from 'vitest';
import { groupHealthy } from '../../../../activities/redis/health/group-healthy.ts';
import { withRedis } from '../../../../lab/redis/client.ts';
import { createLog } from '../../../../src/telemetry/log.ts';
import { describeWith } from '../../../support/lab.ts';
import { playedContext } from '../../../support/played-host.ts';
import type { Scene } from '../scene.ts';
import { fingerprint, groupName, scene } from '../scene.ts';

const look = ({ access }: Scene) =>
  groupHealthy.probe({ group: groupName }, { groups: () => access, log: createLog('silent') }, playedContext());

await describeWith(['redis'], 'the gate of a group', () => {
  test('passes over a sound group and names its primary; it writes nothing', async () => {
    const s = await scene({ replicas: 2 });
    const before = await fingerprint(s);
    expect(await look(s)).toMatchObject({
      ...{ verdict: 'done', observed: { problems: 0, primary: 'r1' } },
      summary: 'sessions: r1 is primary, 3 nodes',
    });
    expect(await fingerprint(s)).toEqual(before);
    await withRedis(s.lab.node('r1'), s.lab.login, async (client) => {
      expect(await client.exists('gantry:probe')).toBe(0);
    });
  });

  test('may still turn where a setting deviates, and says which', async () => {
    const s = await scene();
    await withRedis(s.lab.node('r1'), s.lab.login, (client) => client.config('SET', 'min-replicas-to-write', '0'));
    const seen = await look(s);
    expect(seen).toMatchObject({
      verdict: 'todo',
      observed: { first: [{ code: 'REDIS_WRITE_SAFETY_DEVIATES', at: 'r1' }] },
    });
    expect(seen.summary).toContain('min-replicas-to-write 0');
  });

  test('is inconclusive where nothing is known to be wrong, and a node does not answer', async () => {
    const s = await scene();
    await s.lab.node('r1').kill();
    expect(await look(s)).toMatchObject({ verdict: 'unknown', observed: { first: [{ at: 'r1' }] } });
  });

  test('may still turn where two nodes call themselves primary', async () => {
    const s = await scene();
    await withRedis(s.lab.node('r2'), s.lab.login, (client) => client.replicaof('NO', 'ONE'));
    expect((await look(s)).verdict).toBe('todo');
  });
});
