import { join } from 'node:path';
import { GantryError } from '../../src/errors/index.ts';
import type { LabEc2 } from '../ec2/ec2.ts';
import { startEc2 } from '../ec2/ec2.ts';
import { furnish } from '../kubernetes/furnish.ts';
import type { KubernetesOptions, RunningKubernetes } from '../kubernetes/index.ts';
import { startKubernetes } from '../kubernetes/index.ts';

export type LabRegionsOptions = Omit<KubernetesOptions, 'detached'> & { regions: readonly string[] };

/** An account with nothing in it, and a cluster for each region. */
export type LabRegions = {
  ec2: LabEc2;
  cluster: (region: string) => RunningKubernetes;
  stop: () => Promise<void>;
};

/** Of each cluster: gatewayd is on three of them, and another one surges. */
const nodes = 4;
/** What the catalogue claims is eleven. */
const volumes = 16;

/**
 * Starts what regions are brought up on: moto in the place of AWS, and for each region a Kubernetes control plane with played Nodes. 540 MB
 * resident for each.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED; nothing is left running then
 */
export async function startLabRegions({ stateDir, regions, ...options }: LabRegionsOptions): Promise<LabRegions> {
  const clusters = new Map<string, RunningKubernetes>();
  const starting = regions.map(async (region) => {
    const cluster = await startKubernetes({ ...options, stateDir: join(stateDir, region) });
    clusters.set(region, cluster);
    await furnish(cluster.as('admin'), { nodes, volumes, labels: { 'gantry.dev/region': region } });
  });
  let ec2: LabEc2 | undefined;
  const stop = async (): Promise<void> => {
    await Promise.all([...clusters.values()].map((cluster) => cluster.kill()));
    await ec2?.stop();
  };
  const ended = await Promise.allSettled([startEc2({ stateDir }).then((started) => (ec2 = started)), ...starting]);
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed || !ec2) {
    await stop();
    throw failed?.reason;
  }
  return {
    ec2,
    cluster: (region) => {
      const found = clusters.get(region);
      if (found) return found;
      throw new GantryError('UNEXPECTED', `the lab has no cluster of ${region}`);
    },
    stop,
  };
}
