import { mkdirSync } from 'node:fs';
import { until } from '../../../lab/clock.ts';
import { startAuthority } from '../../../lab/dns/authority.ts';
import { makeZone } from '../../../lab/dns/zone.ts';
import type { Ec2Change, LabEc2 } from '../../../lab/ec2/ec2.ts';
import { startEc2 } from '../../../lab/ec2/ec2.ts';
import { furnish } from '../../../lab/kubernetes/furnish.ts';
import type { AuditedChange, RunningKubernetes } from '../../../lab/kubernetes/index.ts';
import { startKubernetes } from '../../../lab/kubernetes/index.ts';
import { needs } from '../../support/lab.ts';
import type { Findings, Scene, Take } from '../scene.ts';
import { countedAtEdge, countedInEc2, thereIn } from './count.ts';
import { paths, regionOf, writeSweptPlatform, zoneName } from './platform.ts';
import { rollOut } from './roll-out.ts';

/** What a run does: it makes a region, or takes away one that was made before. */
export type RegionWork = 'rollout' | 'retire';

type RegionScene = {
  work: RegionWork;
  region: string;
  ec2: LabEc2;
  kubernetes: RunningKubernetes | undefined;
  zone: string;
  platformFile: string;
  env: Record<string, string>;
};

const workflowTypes = { rollout: 'regionRollout', retire: 'regionRetire' } as const;

/** A run takes 4 s, and took a minute beside a load of 40 on 2 cores; a later attempt waits 5 s before it makes anything again. */
const patienceMs = 180_000;

/**
 * An account of the lab's own, and a cluster where the lab has one: what is made is counted by moto's answers and by the API server's
 * audit log, and at the end of a run by what is there.
 */
export async function startRegionScene(
  stateDir: string,
  name: string,
  work: RegionWork,
  { cluster = true } = {},
): Promise<Scene> {
  mkdirSync(stateDir, { recursive: true });
  const ec2 = await startEc2({ stateDir });
  const authority = await startAuthority({ endpoint: ec2.direct });
  let kubernetes: RunningKubernetes | undefined;
  const stop = async (): Promise<void> => {
    await kubernetes?.kill();
    await authority.stop();
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
  const zone = await emptyAccount(ec2);
  const edge = { zone, server: authority.server };
  const written = writeSweptPlatform(stateDir, region, { ec2, kubernetes, edge });
  const scene: RegionScene = { work, region, ec2, kubernetes, zone, ...written };
  return {
    workflowType: workflowTypes[work],
    ...written,
    patienceMs,
    ...(work === 'retire' ? { approves: true as const } : {}),
    begin: () => begin(scene),
    stop,
  };
}

/** A large part of the lab: never required of `make test`. */
async function hasKubernetes(): Promise<boolean> {
  return (await needs('kubernetes').catch(() => 'required, but not here')) === undefined;
}

/** Nothing of Gantry's in the account, and one hosted zone; ids are drawn again from the same seed, so that the zone has the same one. */
async function emptyAccount(ec2: LabEc2): Promise<string> {
  await ec2.reset();
  await fetch(`${ec2.direct}/moto-api/seed?a=7`, { method: 'POST' });
  return makeZone({ endpoint: ec2.direct, name: zoneName });
}

/** An account and a namespace with nothing of Gantry's in them, or with the whole region that is to go. */
async function begin(scene: RegionScene): Promise<Take> {
  const { work, region, ec2, kubernetes, zone, platformFile, env } = scene;
  if ((await emptyAccount(ec2)) !== zone) throw new Error('moto gave the hosted zone another id');
  if (kubernetes) await clear(kubernetes);
  if (work === 'retire') await rollOut(platformFile, env, region);
  ec2.forget();
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

async function conclude({ region, ec2, kubernetes, zone }: RegionScene, audited: number): Promise<Findings> {
  const made = ec2.changes.map((change) => effectOf(change).replaceAll(`${region}a`, 'zone'));
  const { effects, empty } = appliedOf(kubernetes?.changes().slice(audited) ?? []);
  const state = {
    ...(await countedInEc2(region, ec2)),
    ...(await countedAtEdge(region, ec2, zone)),
    ...(kubernetes ? { objects: await thereIn(kubernetes) } : {}),
  };
  return {
    effects: [...made, ...effects].map((what) => ({ what, certain: true })),
    ...{ empty, state, acked: 0, lost: 0, onOldAfterNew: 0 },
    evidence: { made, effects, empty, actions: ec2.actions },
  };
}

/** Ids are other ones with each run. */
function effectOf({ action, name }: Ec2Change): string {
  return /^[a-z]+-[0-9a-f]{8,}$/.test(name) || name === '' ? action : `${action} ${name}`;
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
