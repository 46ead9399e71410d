import type { WorkflowHandle } from '@temporalio/client';
import { archiveKeys } from '../../src/runs/index.ts';
import type { ArchiveWorld, TestTable } from '../support/archive-world.ts';
import { makeBackup } from '../support/archive-world.ts';
import { resolveNow } from '../support/parked.ts';
import type { ArchiveStage, BackupStage } from './archive-stage.ts';
import type { Case } from './play.ts';

type ArchiveCase = Case<ArchiveStage>;

const tables: TestTable[] = [
  { table: 'metrics.samples', shard: 1, partitions: { a: ['a:1', 'a:2'], b: ['b:1'] } },
  { table: 'metrics.samples', shard: 2, partitions: { a: ['a:3'] } },
];

/** A backup of two shards and a group, in Glacier. */
async function aged(stage: ArchiveStage): Promise<ArchiveWorld> {
  const world = stage.fresh();
  await makeBackup(world, tables, { group: 'sessions' });
  world.store.age('GLACIER', archiveKeys(world.config.prefix).data);
  return world;
}

/** Flips a bit of one object, and back with another call. */
function flip({ store, config }: ArchiveWorld): () => Promise<void> {
  return async () => {
    for await (const { key } of store.versions(archiveKeys(config.prefix).data)) {
      const [version] = store.versionsOf(key);
      if (version && key.endsWith('/1/b')) version.bytes[20] = (version.bytes[20] ?? 0) ^ 4;
    }
  };
}

async function promoted({ harness }: ArchiveStage, handle: WorkflowHandle): Promise<WorkflowHandle> {
  await harness.until(handle, 'awaiting-approval');
  await harness.approve(handle);
  return handle;
}

/** The histories of `archiveRestore`. */
export const restoreCases: Readonly<Record<string, ArchiveCase>> = {
  planned: async (stage) => {
    await aged(stage);
    return stage.harness.start('all', { dryRun: true });
  },
  done: async (stage) => {
    await aged(stage);
    return promoted(stage, await stage.harness.start('all'));
  },
  /** The promotion is declined: staging and the copies go. */
  aborted: async (stage) => {
    await aged(stage);
    const run = await stage.harness.start('all');
    await stage.harness.until(run, 'awaiting-approval');
    await stage.harness.update(run, 'abort', { reason: 'not today' });
    return run;
  },
  /** Staging is open at first. */
  'parked-retried': async (stage) => {
    const world = await aged(stage);
    world.staging.reach = 'open';
    const run = await stage.harness.start('all');
    await stage.harness.until(run, 'parked');
    world.staging.reach = 'closed';
    await resolveNow(run, { action: 'retry', by: 'ada' });
    return promoted(stage, run);
  },
};

/** The histories of `archiveDrill`. */
export const drillCases: Readonly<Record<string, ArchiveCase>> = {
  planned: async (stage) => {
    await aged(stage);
    return stage.harness.start('all', { dryRun: true }, 'archiveDrill');
  },
  done: async (stage) => {
    await aged(stage);
    return stage.harness.start('all', {}, 'archiveDrill');
  },
  /** A damaged object: the backup is marked. */
  aborted: async (stage) => {
    await flip(await aged(stage))();
    return stage.harness.start('all', {}, 'archiveDrill');
  },
};

function audit({ client, harness }: ArchiveStage, input: object = {}): Promise<WorkflowHandle> {
  return client.workflow.start('archiveAudit', {
    workflowId: 'archive/main',
    taskQueue: harness.taskQueue,
    args: [{ archive: 'main', requestedBy: 'ada', ...input }],
  });
}

/** The histories of `archiveAudit`. */
export const auditCases: Readonly<Record<string, ArchiveCase>> = {
  planned: async (stage) => {
    await aged(stage);
    return audit(stage, { dryRun: true });
  },
  done: async (stage) => {
    await aged(stage);
    return audit(stage);
  },
  /** A bucket that lists nothing. */
  'failed-nothing': async (stage) => {
    stage.fresh();
    return audit(stage);
  },
};

/** The run that holds the archive, behind the one that was started under another id. */
const backedUp = async ({ rig }: BackupStage): Promise<WorkflowHandle> => {
  const proxy = await rig.start('archiveBackup', { requestedBy: 'ada' });
  await proxy.result();
  return proxy.client.getHandle('archive/main');
};

/** The histories of `archiveBackup`: the second one carries over what has not changed. */
export const backupCases: Readonly<Record<string, Case<BackupStage>>> = {
  planned: ({ rig }) => rig.start('archiveBackup', { requestedBy: 'ada', dryRun: true }),
  done: backedUp,
  'done-increment': backedUp,
};
