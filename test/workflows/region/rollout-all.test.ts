import { afterAll, beforeAll, expect, test } from 'vitest';
import { regionDefinitions } from '../../../activities/region/index.ts';
import { until } from '../../../lab/clock.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RegionRolloutAllInput, RunReport } from '../../../src/runs/index.ts';
import { serve } from '../../../src/steps/index.ts';
import type { DomainWorkers } from '../../support/domain-workers.ts';
import { startDomainWorkers } from '../../support/domain-workers.ts';
import { ec2Rig } from '../../support/ec2-rig.ts';
import { describeWith } from '../../support/lab.ts';
import { oneDigest } from '../../support/one-digest.ts';
import type { PlayedCluster } from '../../support/played-cluster.ts';
import { playCluster } from '../../support/played-cluster.ts';
import { useTemporal } from '../../support/temporal.ts';
import { depsOf, intentOf, regionWorld } from './harness.ts';

const regions = ['ap-southeast-1', 'eu-west-1'] as const;
/** Of the waves 1, 1, 2 and 4. */
const components = ['platform-namespace', 'alertmanager', 'consul', 'gatewayd'];

await describeWith(['temporal', 's3'], 'region.rollout-all', () => {
  const server = useTemporal();
  const rig = ec2Rig();
  const world = regionWorld();
  let workers: DomainWorkers;
  let clusters: Record<string, PlayedCluster> = {};
  /** `<region> <write>` of all clusters, in their order. */
  let written: string[] = [];
  let refuse: (line: string) => boolean = () => false;
  const fresh = async (): Promise<void> => {
    await rig.ec2.reset();
    written = [];
    clusters = Object.fromEntries(
      regions.map((region) => {
        const cluster = playCluster();
        cluster.beforeWrite = (line) => {
          if (refuse(`${region} ${line}`)) throw new GantryError('KUBERNETES_REFUSED', 'not today');
          if (!line.startsWith('try ')) written.push(`${region} ${line}`);
        };
        return [region, cluster];
      }),
    );
  };
  beforeAll(async () => {
    world.policy = { ...world.policy, approval: { people: 0, expiresAfterMs: 600_000 } };
    workers = await startDomainWorkers(server(), world, 'region', Object.keys(regionDefinitions), () => {
      const scene = { endpoint: rig.ec2.endpoint, cluster: playCluster() };
      const deps = depsOf({ ...scene, intent: (region) => intentOf(region, components) });
      const ours = { ...deps, regions: () => regions, cluster: (region: string) => clusters[region] };
      return serve(regionDefinitions, ours, oneDigest(world.platformDigest, world.payloads));
    });
  });
  afterAll(() => workers?.stop());
  const start = (input: Partial<RegionRolloutAllInput> = {}) =>
    workers.client.workflow.start('regionRolloutAll', {
      workflowId: input.dryRun ? 'dry' : 'region/all',
      ...{ taskQueue: workers.taskQueue, args: [{ regions: 'all', requestedBy: 'ada', ...input }] },
    });
  const lastOf = (part: string): number => written.findLastIndex((line) => line.includes(part));
  const firstOf = (part: string): number => written.findIndex((line) => line.includes(part));

  test('its plan has every region and every barrier; a dry run writes nothing', async () => {
    await fresh();
    rig.ec2.forget();
    const report = (await (await start({ dryRun: true })).result()) as RunReport;
    expect(report.plan?.title).toBe('Bring up ap-southeast-1, eu-west-1 in 3 waves, 1 at once');
    expect(report.plan?.actions.map(({ what }) => what)).toEqual([
      ...['Wave 1: ap-southeast-1', 'Wave 1: eu-west-1', 'Wave 2: ap-southeast-1', 'Wave 2: eu-west-1'],
      ...['Wave 4: ap-southeast-1, to its end', 'Wave 4: eu-west-1, to its end'],
    ]);
    expect([written, rig.ec2.writes()]).toEqual([[], []]);
  });

  test('no region goes beyond a wave that another one has not reached; one that fails holds all of them', async () => {
    await fresh();
    refuse = (line) => line === 'eu-west-1 apply StatefulSet/consul';
    const handle = await start();
    const region = workers.client.workflow.getHandle('region/eu-west-1');
    await workers.until(handle, 'running');
    // The first run of the region is that of wave 1.
    const parked = await until(async () => {
      const now = await workers.status(region).catch(() => undefined);
      return now?.state === 'parked' ? now.parked : undefined;
    }, 120_000);
    expect(parked?.title).toBe('apply consul');
    expect(firstOf('gatewayd')).toBe(-1);
    expect(firstOf('ap-southeast-1 apply StatefulSet/consul')).toBeGreaterThan(lastOf('Deployment/alertmanager'));
    refuse = () => false;
    await workers.update(region, 'resolve', { action: 'retry' });
    const report = (await handle.result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'done', measurements: { rollouts: 6, rolloutsDone: 6 } });
    expect(firstOf('gatewayd')).toBeGreaterThan(lastOf('StatefulSet/consul'));
    expect(new Set(written).size).toBe(written.length);
  });

  test('again it writes nothing', async () => {
    written = [];
    rig.ec2.forget();
    const report = (await (await start()).result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(report.steps.filter(({ changed }) => changed)).toEqual([]);
    expect([written, rig.ec2.writes()]).toEqual([[], []]);
  });

  test('what is in the way of any region refuses all, with its name', async () => {
    await fresh();
    const cluster = clusters['eu-west-1'];
    clusters = { 'ap-southeast-1': playCluster() };
    const handle = await start();
    await expect(handle.result()).rejects.toThrow();
    const { problem } = await workers.status(handle);
    expect(problem?.message).toContain('eu-west-1: ');
    expect(cluster?.writes).toEqual([]);
  });
});
