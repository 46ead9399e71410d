import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { GantryError } from '../../src/errors/index.ts';
import type { RunStatus } from '../../src/runs/index.ts';
import type { Case } from './play.ts';
import { approved } from './play.ts';
import type { PlayedCluster } from '../support/played-cluster.ts';
import type { RegionStage } from './region-stage.ts';

type RegionCase = Case<RegionStage>;

const region = 'ap-southeast-1';

/** Of the stage's components: 1 and 4. */
const wavesOfStage = 2;

const begun = async ({ harness }: RegionStage): Promise<WorkflowHandle> => approved(await harness.start(region));

/** A cluster that refuses the last component once. */
const refusing = async (stage: RegionStage): Promise<() => void> => {
  const cluster = await stage.fresh();
  cluster.beforeWrite = (line) => {
    if (line === 'apply Deployment/gatewayd') throw new GantryError('KUBERNETES_REFUSED', 'not today');
  };
  return () => void (cluster.beforeWrite = undefined);
};

/** The histories of `regionRollout`. */
export const rolloutCases: Readonly<Record<string, RegionCase>> = {
  planned: async (stage) => {
    await stage.fresh();
    return stage.harness.start(region, { dryRun: true });
  },
  done: async (stage) => {
    await stage.fresh();
    return begun(stage);
  },
  // All of it is there.
  idle: begun,
  'parked-retried': async (stage) => {
    const allow = await refusing(stage);
    const handle = await begun(stage);
    await stage.harness.until(handle, 'parked');
    allow();
    await stage.harness.update(handle, 'resolve', { action: 'retry' });
    return handle;
  },
  'done-edge': async (stage) => {
    await stage.fresh({ edge: true });
    return begun(stage);
  },
  'done-metrics': async (stage) => {
    await stage.fresh({ metrics: true });
    return begun(stage);
  },
  aborted: async (stage) => {
    await refusing(stage);
    const handle = await begun(stage);
    await stage.harness.until(handle, 'parked');
    await stage.harness.update(handle, 'abort', {});
    return handle;
  },
};

/** The histories of `regionRolloutAll`; those of its regions are `regionRollout`'s. */
export const rolloutAllCases: Readonly<Record<string, RegionCase>> = {
  planned: async (stage) => {
    await stage.fresh();
    return stage.harness.startAll({ only: [region], dryRun: true });
  },
  done: async (stage) => {
    await stage.fresh();
    const handle = await approved(await stage.harness.startAll({ only: [region] }));
    // The played admission knows of no cover: the runs of the region ask as well, one for each wave.
    const own = stage.harness.client.workflow.getHandle(`region/${region}`);
    for (let left = wavesOfStage; left > 0; left -= 1) {
      // Under its id there may still be the run of the wave before, which has ended.
      while ((await own.query<RunStatus>('status').catch(() => undefined))?.state !== 'awaiting-approval') await pause(20);
      await approved(own);
      await own.result();
    }
    return handle;
  },
};

/** The histories of `regionDrift`, over what the rollout before has left. */
export const driftCases: Readonly<Record<string, RegionCase>> = {
  done: async (stage) => {
    await stage.fresh();
    await (await begun(stage)).result();
    return stage.harness.startDrift(region);
  },
  'done-edge': async (stage) => {
    await stage.fresh({ edge: true });
    await (await begun(stage)).result();
    return stage.harness.startDrift(region);
  },
  'failed-differs': async (stage) => {
    await stage.fresh();
    return stage.harness.startDrift(region);
  },
};

/** A region with an edge and what `stage` has, rolled out. */
const standing = async (stage: RegionStage): Promise<PlayedCluster> => {
  const cluster = await stage.fresh({ edge: true });
  await (await begun(stage)).result();
  return cluster;
};

/** Each approval is of another plan: the run asks anew once it has done what the one before was about. */
const retired = async (stage: RegionStage, approvals: number, withData = false): Promise<WorkflowHandle> => {
  const handle = await stage.harness.startRetire(region, withData ? { withData } : {});
  for (let left = approvals; left > 0; left -= 1) await approved(handle);
  return handle;
};

/** The histories of `regionRetire`. */
export const retireCases: Readonly<Record<string, RegionCase>> = {
  planned: async (stage) => {
    await standing(stage);
    return stage.harness.startRetire(region, { dryRun: true });
  },
  // Over what the case before has left.
  done: (stage) => retired(stage, 2),
  idle: (stage) => retired(stage, 1),
  'done-data': async (stage) => {
    await standing(stage);
    return retired(stage, 3, true);
  },
  aborted: async (stage) => {
    await standing(stage);
    const handle = await retired(stage, 1);
    await stage.harness.until(handle, 'awaiting-approval');
    await stage.harness.update(handle, 'abort', {});
    return handle;
  },
  'parked-retried': async (stage) => {
    const cluster = await standing(stage);
    cluster.beforeWrite = (line) => {
      if (line === 'delete Deployment/alertmanager') throw new GantryError('KUBERNETES_REFUSED', 'not today');
    };
    const handle = await retired(stage, 2);
    await stage.harness.until(handle, 'parked');
    cluster.beforeWrite = undefined;
    await stage.harness.update(handle, 'resolve', { action: 'retry' });
    return handle;
  },
};
