import { mkdirSync } from 'node:fs';
import { until } from '../../../lab/clock.ts';
import type { Ec2Change, LabEc2 } from '../../../lab/ec2/ec2.ts';
import { labEc2Login, startEc2 } from '../../../lab/ec2/ec2.ts';
import { furnish } from '../../../lab/kubernetes/furnish.ts';
import type { AuditedChange, RunningKubernetes } from '../../../lab/kubernetes/index.ts';
import { startKubernetes } from '../../../lab/kubernetes/index.ts';
import { connectEc2 } from '../../../src/drivers/ec2/index.ts';
import { needs } from '../../support/lab.ts';
import type { Findings, Scene, Take } from '../scene.ts';
import { paths, regionOf, writeSweptPlatform } from './platform.ts';

type RegionScene = { region: string; ec2: LabEc2; kubernetes: RunningKubernetes | undefined };

/** A run takes 4 s, and took a minute beside a load of 40 on 2 cores; a later attempt waits 5 s before it makes anything again. */
const patienceMs = 180_000;

/**
 * An account of the lab's own, and a cluster where the lab has one: what is made is counted by moto's answers and by the API server's
 * audit log, and at the end of a run by what is there.
 */
export async function startRegionScene(stateDir: string, name: string, { cluster = true } = {}): Promise<Scene> {
  mkdirSync(stateDir, { recursive: true });
  const ec2 = await startEc2({ stateDir });
  let kubernetes: RunningKubernetes | undefined;
  const stop = async (): Promise<void> => {
    await kubernetes?.kill();
    await ec2.stop();
  };
  try {
    if (cluster && (await hasKubernetes())) {
      kubernetes = await startKubernetes({ stateDir, audit: true });
      await furnish(kubernetes.as('admin'), { nodes: 1, volumes: 0 });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const region = regionOf(name);
  const scene: RegionScene = { region, ec2, kubernetes };
  return {
    workflowType: 'regionRollout',
    ...writeSweptPlatform(stateDir, region, ec2, kubernetes),
    patienceMs,
    begin: () => begin(scene),
    stop,
  };
}

/** A large part of the lab: never required of `make test`. */
async function hasKubernetes(): Promise<boolean> {
  return (await needs('kubernetes').catch(() => 'required, but not here')) === undefined;
}

/** An account and a namespace with nothing of Gantry's in them. */
async function begin(scene: RegionScene): Promise<Take> {
  const { region, ec2, kubernetes } = scene;
  await ec2.reset();
  ec2.forget();
  if (kubernetes) await clear(kubernetes);
  const audited = kubernetes?.changes().length ?? 0;
  return {
    workflowId: `region/${region}`,
    input: { region },
    conclude: () => conclude(scene, audited),
  };
}

async function clear(kubernetes: RunningKubernetes): Promise<void> {
  const admin = kubernetes.as('admin');
  for (const path of paths) await admin.delete(`${path}?propagationPolicy=Foreground`);
  for (const path of paths) {
    const gone = await until(async () => (await admin.get(path)).status === 404, 60_000, 50);
    if (!gone) throw new Error(`${path} does not go away`);
  }
}

async function conclude({ region, ec2, kubernetes }: RegionScene, audited: number): Promise<Findings> {
  const made = ec2.changes.map((change) => effectOf(change).replaceAll(`${region}a`, 'zone'));
  const { effects, empty } = appliedOf(kubernetes?.changes().slice(audited) ?? []);
  const state = { ...(await countedInEc2(region, ec2)), ...(kubernetes ? { objects: await thereIn(kubernetes) } : {}) };
  return {
    effects: [...made, ...effects].map((what) => ({ what, certain: true })),
    ...{ empty, state, acked: 0, lost: 0, onOldAfterNew: 0 },
    evidence: { made, effects, empty, actions: ec2.actions },
  };
}

/** Ids are other ones with each run. */
function effectOf({ action, name }: Ec2Change): string {
  return /^[a-z]+-[0-9a-f]{8,}$/.test(name) ? action : `${action} ${name}`;
}

/** An apply after which the object has the version of before has changed nothing. */
function appliedOf(changes: readonly AuditedChange[]): { effects: string[]; empty: string[] } {
  const effects: string[] = [];
  const empty: string[] = [];
  const versions = new Map<string, string | undefined>();
  for (const { verb, object, status, resourceVersion } of changes) {
    const what = status === 201 ? `${object} made` : `${object}: ${verb}`;
    const same = verb !== 'delete' && status !== 201 && versions.get(object) === resourceVersion;
    (same ? empty : effects).push(what);
    versions.set(object, resourceVersion);
  }
  return { effects, empty };
}

/** How many of each there are, by the API itself. */
async function countedInEc2(region: string, { endpoint }: LabEc2): Promise<Record<string, number>> {
  const client = connectEc2({ region, endpoint }, labEc2Login);
  try {
    const vpcs = (await client.vpcs()).filter(({ isDefault }) => !isDefault);
    const count = { vpcs: vpcs.length, subnets: 0, nats: 0, tables: 0, associations: 0, groups: 0, rules: 0 };
    for (const { id } of vpcs) {
      const subnets = await client.subnets(id);
      count.subnets += subnets.length;
      const nats = await client.natGateways(id);
      count.nats += nats.length;
      const tables = await client.routeTables(id);
      count.tables += tables.length;
      count.associations += tables.reduce((sum, { subnets }) => sum + subnets.length, 0);
      const groups = await client.securityGroups(id);
      count.groups += groups.length;
      const rules = await client.rules(groups.map((one) => one.id));
      count.rules += rules.length;
    }
    const gateways = (await client.internetGateways({})).length;
    return { ...count, gateways, addresses: (await client.addresses()).length };
  } finally {
    client.close();
  }
}

async function thereIn(kubernetes: RunningKubernetes): Promise<Record<string, number>> {
  const admin = kubernetes.as('admin');
  const found = await Promise.all(paths.map(async (path) => [path, (await admin.get(path)).status] as const));
  return Object.fromEntries(found);
}
