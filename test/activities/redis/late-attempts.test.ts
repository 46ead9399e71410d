import { expect, test } from 'vitest';
import { describeWith } from '../../support/lab.ts';
import type { Scene } from './scene.ts';
import { addressOf, codeOf, hooked, run, scene } from './scene.ts';

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
