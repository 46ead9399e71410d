import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { GantryError } from '../../src/errors/index.ts';
import type { RunStatus } from '../../src/runs/index.ts';
import type { Case } from './play.ts';
import { approved } from './play.ts';
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
