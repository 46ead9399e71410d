import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import { linkUp } from '../../../lab/redis/redis.ts';
import { takeTurns } from '../../support/commit.ts';
import { writeLoad } from '../../support/failover-runs.ts';
import { describeWith } from '../../support/lab.ts';
import { permutations } from '../../support/permutations.ts';
import type { ProcessRig } from '../../support/process-rig.ts';
import { startProcessRig, statusOf, throughTheSoak, untilSoaking } from '../../support/process-rig.ts';
import { useTemporal } from '../../support/temporal.ts';

/** The two nodes of the group by their part in the handover, and the workers that watch it still. */
const parts = ['old', 'new', 'workers'] as const;

await describeWith(['temporal', 'redis'], 'after a switchover, while it is still watched', () => {
  const server = useTemporal();
  let rig: ProcessRig;
  beforeAll(async () => {
    // Every acknowledged write is on disk: a primary that is killed comes back with all of them.
    rig = await startProcessRig(server(), '3s', () => ({ group: 'restarts', replicas: 1, redis: { aof: 'always' } }));
  });
  afterAll(() => rig?.stop());

  const roleOf = (name: string): Promise<unknown> =>
    withRedis(rig.group.node(name), rig.group.password, async (redis) => {
      const [role] = (await redis.call('ROLE')) as unknown[];
      return role;
    });

  test.each(takeTurns(permutations(parts), 2))(
    'restarting %s, %s, %s leaves the new primary the only one',
    async (...order) => {
      const old = (await roleOf('r1')) === 'master' ? 'r1' : 'r2';
      const next = old === 'r1' ? 'r2' : 'r1';
      const writers = await writeLoad(rig, { writers: 2, ratePerWriter: 100 });
      const run = await server().client.workflow.start('redisSwitchover', {
        workflowId: `redis/${rig.groupName}`,
        taskQueue: rig.taskQueue,
        args: [{ group: rig.groupName, to: next }],
      });
      await untilSoaking(run);
      for (const part of order) {
        if (part === 'workers') {
          await rig.restartWorkers();
          continue;
        }
        const node = rig.group.node(part === 'old' ? old : next);
        await node.kill();
        await node.restart();
      }
      const { state } = await statusOf(run);
      expect(['running', 'parked']).toContain(state);
      expect((await throughTheSoak(run)).outcome).toBe('done');

      expect([await roleOf(old), await roleOf(next)]).toEqual(['slave', 'master']);
      await linkUp(rig.group.node(old), rig.group.password);
      const { acked } = await writers.snapshot();
      expect(await until(async () => (await writers.snapshot()).acked > acked, 10_000)).toBe(true);
      expect((await writers.twoPrimaries()).twoPrimaries).toBe(false);
      await writers.stop();
      expect(await writers.verify(rig.group.node(next))).toMatchObject({ lost: 0 });
      await writers.close();
    },
  );
});
