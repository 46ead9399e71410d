import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import { labProcessFence } from '../../../lab/redis/fence.ts';
import { redisInfo, withRedis } from '../../../lab/redis/client.ts';
import type { RedisNode } from '../../../lab/redis/redis.ts';
import { linkUp } from '../../../lab/redis/redis.ts';
import { takeTurns } from '../../support/commit.ts';
import { writeLoad } from '../../support/failover-runs.ts';
import { describeWith } from '../../support/lab.ts';
import { permutations } from '../../support/permutations.ts';
import type { ProcessRig } from '../../support/process-rig.ts';
import { startProcessRig, statusOf, throughTheSoak, untilSoaking } from '../../support/process-rig.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf } from '../run/harness.ts';

/** The dead primary, which somebody just starts again; the one that replaced it; and the workers. */
const parts = ['old', 'new', 'workers'] as const;

// The old primary's file says that it is primary. What is promised of one that is just started (docs/redis/failover.md):
// no client is sent to it, it refuses writes for want of replicas, and every plan says what it is.
await describeWith(['temporal', 'redis'], 'after a failover, while it is still watched', () => {
  const server = useTemporal();
  let rig: ProcessRig;
  let runs = 0;
  beforeAll(async () => {
    rig = await startProcessRig(server(), '3s', (stateDir) => ({
      group: 'failed-over',
      settings: {
        failover: { fences: [labProcessFence(stateDir)], probeEvery: '200ms', probeTimeout: '300ms' },
      },
    }));
  });
  afterAll(() => rig?.stop());

  const roleOf = async (node: RedisNode): Promise<string | undefined> =>
    (await redisInfo(node, rig.group.password))['role'];
  const write = (node: RedisNode): Promise<unknown> =>
    withRedis(node, rig.group.password, (redis) => redis.set('direct', '1')).catch((error: Error) => error.message);
  const start = (type: string, input: object) =>
    server().client.workflow.start(type, {
      workflowId: `${type}/${rig.groupName}/${(runs += 1)}`,
      taskQueue: rig.taskQueue,
      args: [{ group: rig.groupName, ...input }],
    });
  const failOver = async (old: RedisNode, next: RedisNode) => {
    await old.kill();
    const proxy = await start('redisFailover', { to: next.name, acknowledgeRecentFailover: true });
    const run = server().client.workflow.getHandle(`redis/${rig.groupName}`);
    await untilSoaking(run);
    return { proxy, run };
  };

  test.each(takeTurns(permutations(parts), 2))(
    'restarting %s, %s, %s leaves the new primary the only one that takes writes',
    async (...order) => {
      const [r1, r2, r3] = ['r1', 'r2', 'r3'].map((name) => rig.group.node(name)) as [RedisNode, RedisNode, RedisNode];
      const [old, next] = (await roleOf(r1)) === 'master' ? [r1, r2] : [r2, r1];
      const writers = await writeLoad(rig, { writers: 2, ratePerWriter: 100 });
      const { proxy, run } = await failOver(old, next);
      for (const part of order) {
        if (part === 'workers') {
          await rig.restartWorkers();
          continue;
        }
        const node = part === 'old' ? old : next;
        if (node.isRunning()) await node.kill();
        await node.restart();
      }
      const { state } = await statusOf(run);
      expect(['running', 'parked']).toContain(state);
      expect((await throughTheSoak(run)).outcome).toBe('done');
      await proxy.result();

      expect([await roleOf(next), await roleOf(r3)]).toEqual(['master', 'slave']);
      await linkUp(r3, rig.group.password);
      expect(await until(async () => (await write(next)) === 'OK', 5_000)).toBe(true);
      expect(await write(old)).toMatch(/^NOREPLICAS/);
      const byNode = (await writers.snapshot()).byNode;
      expect(
        await until(async () => ((await writers.snapshot()).byNode[next.name] ?? 0) > (byNode[next.name] ?? 0), 10_000),
      ).toBe(true);
      expect((await writers.twoPrimaries()).twoPrimaries).toBe(false);
      const dryRun = await start('redisSwitchover', { dryRun: true });
      expect(codeOf(await dryRun.result().catch((error: unknown) => error))).toBe('REDIS_SPLIT_BRAIN');
      await writers.stop();
      await writers.close();

      // As its rejoining would: it follows, and has written that down.
      await withRedis(old, rig.group.password, async (redis) => {
        await redis.replicaof(next.host, next.port);
        await redis.config('REWRITE');
      });
      await linkUp(old, rig.group.password);
    },
  );
});
