import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { redisDefinitions } from '../../../activities/redis/index.ts';
import { patience, until } from '../../../lab/clock.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import type { RolloutEdge } from '../../../src/platform/index.ts';
import type { RegionStore, RunReport, StepReport } from '../../../src/runs/index.ts';
import { domainQueue, storeHealth } from '../../../src/runs/index.ts';
import { serve } from '../../../src/steps/index.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import type { Scene as Group } from '../../activities/redis/scene.ts';
import { groupName, scene as redisScene } from '../../activities/redis/scene.ts';
import { edgeRig } from '../../support/edge-rig.ts';
import { describeWith } from '../../support/lab.ts';
import { oneDigest } from '../../support/one-digest.ts';
import { playCluster } from '../../support/played-cluster.ts';
import { useTemporal } from '../../support/temporal.ts';
import type { RegionHarness, Scene } from './harness.ts';
import { edgeOf, intentOf, regionWorld, smallNetwork, startRegionHarness } from './harness.ts';

const region = 'ap-southeast-1';
const gates = ['clickhouse.cluster-healthy', 'redis.group-healthy'];

await describeWith(['temporal', 's3', 'redis'], 'the stores of a region', () => {
  const server = useTemporal();
  const rig = edgeRig();
  const world = regionWorld();
  const scene = {} as { now: Scene };
  let harness: RegionHarness;
  let edge: RolloutEdge;
  /** The real group that the redis worker reaches; the clickhouse worker is played, and says that all is well. */
  const reached: { group?: Group } = {};
  beforeAll(async () => void (harness = await startRegionHarness(server(), world, scene)));
  afterAll(() => harness.stop());
  beforeEach(async () => {
    Object.assign(world, regionWorld());
    await rig.ec2.reset();
    edge = edgeOf(region, { zone: await rig.zone('example.net'), server: rig.authority.server });
    stand([
      { store: 'clickhouse', name: 'metrics' },
      { store: 'redis', name: groupName },
    ]);
  });
  /** What the platform file says that stands in the region. */
  const stand = (stores: readonly RegionStore[], storesWithinMs = 60_000 * patience): void => {
    scene.now = {
      ...{ endpoint: rig.ec2.endpoint, cluster: playCluster(), resolver: rig.authority.server },
      intent: (of) => {
        const meant = smallNetwork(intentOf(of, ['platform-namespace']));
        return { ...meant, stores, config: { ...meant.config, edge, storesWithinMs } };
      },
    };
    rig.ec2.forget();
  };
  /** Workers of the other domains, as long as `use` lasts. */
  const withWorkers = async <T>(use: () => Promise<T>): Promise<T> => {
    const runtime = () => oneDigest(world.platformDigest, world.payloads);
    const deps = {
      log: createLog('silent'),
      groups: () => {
        if (reached.group) return reached.group.access;
        throw new Error('no group is played');
      },
    };
    const connection = server().native;
    const workers = await Promise.all([
      Worker.create({
        ...{ connection, taskQueue: domainQueue(harness.taskQueue, 'redis') },
        activities: { redisGroupHealthy: serve(redisDefinitions, deps, runtime()).redisGroupHealthy },
      }),
      Worker.create({
        ...{ connection, taskQueue: domainQueue(harness.taskQueue, 'clickhouse') },
        activities: {
          clickhouseClusterHealthy: (): StepReport<unknown> => ({
            ...{
              step: 'clickhouse.cluster-healthy',
              verdict: 'done',
              summary: 'all is well',
              begun: false,
              changed: false,
            },
            ...{ before: undefined, after: storeHealth([]), startedAt: new Date().toISOString(), ms: 1, attempts: 1 },
          }),
        },
      }),
    ]);
    const running = workers.map((worker) => worker.run());
    try {
      return await use();
    } finally {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
    }
  };
  const minReplicas = async (value: string): Promise<void> => {
    const { lab } = reached.group as Group;
    await withRedis(lab.node('r1'), lab.login, (client) => client.config('SET', 'min-replicas-to-write', value));
  };
  const balancersMade = (): boolean => rig.ec2.writes().includes('CreateLoadBalancer');

  test('are looked at by their own workers before the edge is made; what deviates holds the edge back until it is put right', async () => {
    reached.group = await redisScene({ replicas: 1 });
    await minReplicas('0');
    stand(
      [
        { store: 'clickhouse', name: 'metrics' },
        { store: 'redis', name: groupName },
      ],
      500 * patience,
    );
    await withWorkers(async () => {
      const handle = await harness.start(region);
      const { parked, plan } = await harness.until(handle, 'parked');
      expect(plan?.actions.filter(({ step }) => gates.includes(step)).map(({ what }) => what)).toEqual([
        expect.stringMatching(/^See ClickHouse cluster metrics healthy within \d+ s$/),
        expect.stringMatching(/^See Redis group sessions healthy within \d+ s$/),
      ]);
      expect(parked).toMatchObject({ step: 'redis.group-healthy', trouble: { code: 'GATE_FAILED' } });
      expect(parked?.trouble.message).toContain('REDIS_WRITE_SAFETY_DEVIATES');
      expect(balancersMade()).toBe(false);
      await minReplicas('1');
      await harness.update(handle, 'resolve', { action: 'retry' });
      const report = (await handle.result()) as RunReport;
      expect(report.outcome).toBe('done');
      const order = report.steps.map(({ step }) => step);
      const lastGate = Math.max(...gates.map((gate) => order.indexOf(gate)));
      expect(order.indexOf('region.make-load-balancer')).toBeGreaterThan(lastGate);
      const seen = report.steps.find(({ step }) => step === 'redis.group-healthy');
      expect(seen).toMatchObject({ changed: false, summary: 'sessions: r1 is primary, 2 nodes' });
    });
  });

  test('leave the gate inconclusive where a node does not answer', async () => {
    reached.group = await redisScene({ replicas: 1 });
    await reached.group.lab.node('r2').kill();
    stand([{ store: 'redis', name: groupName }], 500 * patience);
    await withWorkers(async () => {
      const handle = await harness.start(region);
      const { parked } = await harness.until(handle, 'parked');
      expect(parked?.trouble.code).toBe('GATE_INCONCLUSIVE');
      expect(parked?.trouble.message).toContain('r2');
      await harness.update(handle, 'abort', {});
      expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    });
  });

  test('wait for a worker of their domain, and the run goes on when it comes', async () => {
    stand([{ store: 'clickhouse', name: 'metrics' }]);
    const { profiles } = world.policy;
    world.policy = { ...world.policy, profiles: { ...profiles, quick: { ...profiles.quick, startMs: 300 } } };
    const handle = await harness.start(region);
    const waiting = await until(async () => {
      const { waiting: now } = await harness.status(handle);
      return now?.domain === 'clickhouse' ? now : undefined;
    }, 60_000);
    expect(waiting).toMatchObject({ title: 'ClickHouse cluster metrics is healthy' });
    expect(balancersMade()).toBe(false);
    await withWorkers(async () => expect(((await handle.result()) as RunReport).outcome).toBe('done'));
  });

  test('are not looked at by a rollout through some wave alone', async () => {
    const handle = await harness.start(region, { throughWave: 1 });
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(report.plan?.actions.filter(({ step }) => gates.includes(step))).toEqual([]);
  });
});
