import { createHash } from 'node:crypto';
import type { Renewed } from '../../../src/drivers/redis/load-snapshot.ts';
import type { RestoreObject, RestorePart, Stored } from '../../../src/runs/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RecoveryAccess, RecoveryDeps, SnapshotTarget } from './access.ts';
import { asAttempt, asStep, stagedTable, stagingDatabase, withStore, withTables } from './access.ts';
import { fillPartition, isPartition, rowsOf } from './fill-table.ts';
import { isOf, objectsOf, readable } from './objects.ts';
import { createQueryOf } from './read-schema.ts';

/** One table or group of a restore. */
export type PartInput = {
  archive: string;
  name: string;
  objects: Stored<RestoreObject>;
  part: RestorePart;
};

/** `followed`: the node that staging followed, as `host:port`. */
export type Filled = { objects: number; of: number; rows: number; followed?: string };

/** Puts one table, or one group, into staging. Undo takes it out again. */
export const fillStaging = defineStep<PartInput, Filled, RecoveryDeps>({
  name: 'archive.fill-staging',
  settleMs: 0,
  probe: async (input, deps, context) => {
    const access = await deps.recovery(input.archive);
    const { part } = input;
    return part.kind === 'redis'
      ? lookAtGroup(input, deps, context, await access.stagingRedis(asAttempt(context)))
      : lookAtTables({ ...input, part }, deps, access, context);
  },
  apply: async (input, _seen, deps, context) => {
    const access = await deps.recovery(input.archive);
    const { part } = input;
    if (part.kind === 'redis')
      return loadGroup(input, deps, access, context, await access.stagingRedis(asAttempt(context)));
    await withStore(access, context, (store) =>
      withTables(access.staging(asStep(context)), async (server) => {
        await server.killEarlier();
        const createQuery = await createQueryOf(store, objectsOf(deps.payloads, input.objects), part);
        for (const shard of part.shards) {
          await server.createDatabase(stagingDatabase(input.name, shard));
          await server.createPlain(stagedTable(input.name, part, shard), createQuery);
        }
        let rows = 0;
        for await (const object of objectsOf(deps.payloads, input.objects)) {
          if (!isPartition(object) || !isOf(part, object)) continue;
          context.mustBeOurs();
          const target = { server, ...stagedTable(input.name, part, object.source.shard) };
          const filled = await fillPartition(target, { store, prefix: access.config.prefix, name: input.name }, object);
          rows += filled;
          context.progress({ rows, partition: object.source.partition });
        }
        context.measure('rows', rows);
      }),
    );
  },
  undo: async (input, before, deps, context) => {
    const access = await deps.recovery(input.archive);
    const { part } = input;
    if (part.kind === 'redis') {
      const target = await access.stagingRedis(asAttempt(context));
      try {
        return await emptyIfOurs(target, replidOf(await snapshotOf(input, deps), context), before.followed);
      } finally {
        target.close();
      }
    }
    await withTables(access.staging(asStep(context)), async (server) => {
      for (const shard of part.shards) {
        if ((await server.tablesIn(stagingDatabase(input.name, shard))).length > 0)
          await server.dropTable(stagedTable(input.name, part, shard));
      }
    });
  },
});

/** By the number of rows of each partition: the digests are compared when all of it is verified. */
async function lookAtTables(
  { name, objects, part }: PartInput & { part: Extract<RestorePart, { kind: 'clickhouse' }> },
  { payloads }: RecoveryDeps,
  access: RecoveryAccess,
  context: StepContext,
): Promise<Probe<Filled>> {
  return withTables(access.staging(asStep(context)), async (server) => {
    const held = new Map<string, number>();
    for (const shard of part.shards) {
      for (const { partitionId, rows } of await server.partitions(stagedTable(name, part, shard)))
        held.set(`${shard} ${partitionId}`, rows);
    }
    const seen = { objects: 0, of: 0, rows: 0 };
    for await (const object of objectsOf(payloads, objects)) {
      if (!isPartition(object) || !isOf(part, object)) continue;
      const rows = held.get(`${object.source.shard} ${object.source.partition}`) ?? 0;
      seen.of += 1;
      seen.rows += rows;
      if (rows === (rowsOf(object) ?? rows) && (rows > 0 || rowsOf(object) === 0)) seen.objects += 1;
    }
    const words = `${part.table}: ${seen.objects} of ${seen.of} partitions are in staging, ${seen.rows} rows`;
    return seen.objects === seen.of ? done(seen, words) : todo(seen, words, { begun: held.size > 0 });
  });
}

/**
 * What a snapshot gives as the history that its data comes from: made from its content and from the run, so that a look tells whose it is.
 * A node that is emptied later, by a drill or by accident, still names the history that it once took over: not of the content alone.
 */
export function replidOf({ sha256 }: Pick<RestoreObject, 'sha256'>, { unit }: Pick<StepContext, 'unit'>): string {
  // Without the step: the run's own steps fill, look and clear.
  const run = unit.slice(0, unit.lastIndexOf('/'));
  return createHash('sha1').update(`gantry ${sha256} ${run}`).digest('hex');
}

/** The one snapshot of a group. @throws ARCHIVE_OBJECT_CHANGED where there is not exactly one */
export async function snapshotOf(input: PartInput, { payloads }: RecoveryDeps): Promise<RestoreObject> {
  const found: RestoreObject[] = [];
  for await (const object of objectsOf(payloads, input.objects)) if (isOf(input.part, object)) found.push(object);
  const [snapshot, ...more] = found;
  if (snapshot && more.length === 0) return snapshot;
  throw new GantryError('ARCHIVE_OBJECT_CHANGED', `the backup has ${found.length} snapshots of the group, not one`);
}

async function lookAtGroup(
  input: PartInput,
  deps: RecoveryDeps,
  context: StepContext,
  target: SnapshotTarget,
): Promise<Probe<Filled>> {
  try {
    const snapshot = await snapshotOf(input, deps);
    const keys = await target.keys();
    const loaded = (await target.loadedFrom()) === replidOf(snapshot, context);
    const follows = await target.follows();
    const followed = follows ? { followed: `${follows.host}:${follows.port}` } : {};
    const seen = { objects: loaded ? 1 : 0, of: 1, rows: keys, ...followed };
    if (loaded) return done(seen, `staging holds the snapshot: ${keys} keys`);
    // The platform file says that the contents of staging are replaced.
    return todo(seen, `staging holds ${keys} keys of something else`);
  } finally {
    target.close();
  }
}

/** Has a Redis node take the snapshot over as its whole dataset. `renewed`: with the epoch and notes that it is to have from then on. */
export async function loadGroup(
  input: PartInput,
  deps: RecoveryDeps,
  access: RecoveryAccess,
  context: StepContext,
  target: SnapshotTarget,
  renewed?: Renewed,
): Promise<void> {
  try {
    const snapshot = await snapshotOf(input, deps);
    await withStore(access, context, async (store) => {
      const at = await readable(store, access.config.prefix, input.name, snapshot);
      if (!at) throw new GantryError('S3_OBJECT_MISSING', `the copy of ${snapshot.key} is not there`);
      context.mustBeOurs();
      const { size, sha256 } = snapshot;
      await target.load({
        ...{ size, replid: replidOf(snapshot, context), body: () => store.get(at, { size, sha256 }) },
        ...(renewed ? { renewed } : {}),
      });
    });
    context.measure('keys', await target.keys());
  } finally {
    target.close();
  }
}

/** Whether a staging node holds this snapshot: as a primary, or as a load that was cut off left it. */
export async function holdsOurs(target: SnapshotTarget, replid: string): Promise<boolean> {
  return (await target.loadedFrom()) === replid || (await target.follows())?.replid === replid;
}

/**
 * Empties a staging node, if what it holds is what this restore put there. One that a load which was cut off left as a replica of a worker
 * that is gone is a primary again; one that follows whom it followed `before` is left alone.
 */
export async function emptyIfOurs(target: SnapshotTarget, replid: string, before?: string): Promise<void> {
  const follows = await target.follows();
  const isCutOff = follows && (follows.replid === replid || !follows.linkUp);
  if (isCutOff && `${follows.host}:${follows.port}` !== before) await target.release();
  if ((await target.loadedFrom()) === replid) await target.flush();
}
