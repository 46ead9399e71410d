import { NativeConnection } from '@temporalio/worker';
import { startAuthority } from '../../lab/dns/authority.ts';
import { makeZone } from '../../lab/dns/zone.ts';
import type { RegionIntent } from '../../activities/region/index.ts';
import type { LabEc2 } from '../../lab/ec2/ec2.ts';
import { startEc2 } from '../../lab/ec2/ec2.ts';
import { startExporter } from '../../lab/prometheus/exporter.ts';
import { startPrometheus } from '../../lab/prometheus/prometheus.ts';
import type { PlayedCluster } from '../support/played-cluster.ts';
import { playCluster } from '../support/played-cluster.ts';
import type { RegionHarness, Scene } from '../workflows/region/harness.ts';
import { edgeOf, intentOf, regionWorld, startRegionHarness } from '../workflows/region/harness.ts';
import { connected, opening } from './opening.ts';

/** The real workflows and steps of a region, over moto and a cluster in memory, on a real server. */
export type RegionStage = {
  stateDir: string;
  harness: RegionHarness;
  ec2: LabEc2;
  /** An empty account, and another cluster; on request the region has an edge, or its last component a gate of metrics. */
  fresh: (options?: { edge?: boolean; metrics?: boolean }) => Promise<PlayedCluster>;
  stop: () => Promise<void>;
};

/** Few: a history of all of them is megabytes. */
const components = ['platform-namespace', 'alertmanager', 'gatewayd'];

function gated(meant: RegionIntent): RegionIntent {
  const { gatewayd, ...others } = meant.components;
  if (!gatewayd) throw new Error('the example has a gatewayd');
  const metrics = { errors: { query: 'errors', max: 0.1, holdsForMs: 0, freshnessMs: 60_000 } };
  return { ...meant, components: { ...others, gatewayd: { ...gatewayd, metrics } } };
}

/** Starts everything in a folder of its own. */
export function openRegionStage(): Promise<RegionStage> {
  return opening(async (parts) => {
    const { address, client } = await connected(parts);
    const native = await NativeConnection.connect({ address });
    parts.stops.push(() => native.close());
    const ec2 = await startEc2({ stateDir: parts.stateDir });
    parts.stops.push(() => ec2.stop());
    const authority = await startAuthority({ endpoint: ec2.direct });
    parts.stops.push(() => authority.stop());
    const exporter = await startExporter();
    parts.stops.push(() => exporter.stop());
    exporter.show('errors', 0);
    const prometheus = await startPrometheus({ stateDir: parts.stateDir, target: exporter.target });
    parts.stops.push(() => prometheus.kill());
    const sceneOf = (cluster: PlayedCluster, zone?: string, metrics = false): Scene => ({
      ...{ endpoint: ec2.endpoint, cluster, resolver: authority.server, prometheus: prometheus.url },
      intent: (region) => {
        const meant = metrics ? gated(intentOf(region, components)) : intentOf(region, components);
        if (zone === undefined) return meant;
        return { ...meant, config: { ...meant.config, edge: edgeOf(region, { zone, server: authority.server }) } };
      },
    });
    const scene = { now: sceneOf(playCluster()) };
    const world = { ...regionWorld() };
    world.policy = { ...world.policy, approval: { ...world.policy.approval, people: 1 } };
    const harness = await startRegionHarness({ client, native }, world, scene);
    parts.stops.push(() => harness.stop());
    const fresh = async ({ edge = false, metrics = false } = {}): Promise<PlayedCluster> => {
      await ec2.reset();
      const cluster = playCluster();
      const zone = edge ? await makeZone({ endpoint: ec2.direct, name: 'example.net' }) : undefined;
      scene.now = sceneOf(cluster, zone, metrics);
      return cluster;
    };
    return { stateDir: parts.stateDir, harness, ec2, fresh, stop: parts.stop };
  });
}
