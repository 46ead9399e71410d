import type { Renewed } from '../../../src/drivers/redis/load-snapshot.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RestoreObject, RestorePart, Stored } from '../../../src/runs/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RecoveryAccess, RecoveryDeps, SnapshotTarget, TableServer } from '../recovery/access.ts';
import { asAttempt, asStep, firstReplica, tableName, withTables } from '../recovery/access.ts';
import { loadGroup, replidOf, snapshotOf } from '../recovery/fill-staging.ts';
import { isPartition, rowsDiffer, rowsOf, sameRows } from '../recovery/fill-table.ts';
import { isOf, objectsOf } from '../recovery/objects.ts';
import type { TablePart } from './production.ts';
import { besideTable } from './production.ts';

export type PromoteInput = { archive: string; name: string; objects: Stored<RestoreObject>; part: RestorePart };
/** `epoch`: of a group, as its primary has it. */
export type Promoted = { promoted: number; of: number; rows: number; epoch?: number };

/**
 * Makes what was proven production's: of a table the partitions beside it are attached, hard links on the same server, which the
 * other replicas fetch; a primary takes the snapshot over, under an epoch above all that were ever told: what is sent under an older one,
 * by a run of before the loss or of the day of the backup, is refused. What is there already with the same digest is this restore's own; anything
 * else is another client's data, and is left alone. There is no undo: from here on clients write to it.
 */
export const promote = defineStep<PromoteInput, Promoted, RecoveryDeps>({
  name: 'archive.promote',
  settleMs: 120_000,
  settleEveryMs: 2_000,
  probe: async (input, deps, context) => {
    const access = await deps.recovery(input.archive);
    const { part } = input;
    if (part.kind === 'redis') return lookAtGroup(input, deps, access, context, part.group);
    return lookAtTable({ ...input, part }, deps, access, context);
  },
  apply: async (input, _seen, deps, context) => {
    const access = await deps.recovery(input.archive);
    const { part } = input;
    if (part.kind === 'redis') return promoteGroup(input, deps, access, context, part.group);
    const table = tableName(part.table);
    const beside = besideTable(input.name, table);
    for (const shard of part.shards) {
      const opened = access.server(part.cluster, firstReplica(access, part.cluster, shard), asStep(context));
      await withTables(opened, async (server) => {
        for await (const object of objectsOf(deps.payloads, input.objects)) {
          if (!isPartition(object) || !isOf(part, object) || object.source.shard !== shard) continue;
          await attach(server, { table, beside }, object);
          context.progress({ shard, partition: object.source.partition });
        }
        await server.dropTable(beside);
      });
    }
  },
});

async function promoteGroup(
  input: PromoteInput,
  deps: RecoveryDeps,
  access: RecoveryAccess,
  context: StepContext,
  group: string,
): Promise<void> {
  const target = await access.primary(group, { ...asAttempt(context), cutOff: true });
  let isLoading = false;
  try {
    // Between the look and this: someone may have begun to write.
    const seen = await lookAt(target, input, deps, context, group);
    if (seen.verdict === 'blocked') throw new GantryError(seen.code, seen.summary);
    if (seen.verdict !== 'todo') return;
    const renewed = await renewalOf(target, access, context, group);
    if (seen.observed.promoted > 0) {
      await target.renew(replidOf(await snapshotOf(input, deps), context), renewed);
      return;
    }
    isLoading = true;
    await loadGroup(input, deps, access, context, target, renewed);
  } finally {
    if (!isLoading) target.close();
  }
}

/**
 * What the primary is to have instead of what the snapshot says. It is read before the load, which takes it away, and reported for the
 * attempt that follows one which was cut off.
 */
async function renewalOf(
  target: SnapshotTarget,
  access: RecoveryAccess,
  context: StepContext,
  group: string,
): Promise<Renewed> {
  const { resumed } = context;
  const before =
    typeof resumed === 'object' && resumed !== null && 'renewed' in resumed ? (resumed.renewed as Renewed) : undefined;
  const above = Math.max(await access.latestEpoch(group), before?.above ?? 0);
  // A node that a load was cut off on has the snapshot's notes by now, perhaps: those are of another day.
  const unknown = (await target.follows()) !== undefined;
  const notes = before?.notes ?? (unknown ? {} : await target.notes());
  context.progress({ renewed: { above, notes } });
  return { above, notes };
}

type Names = Record<'table' | 'beside', { database: string; table: string }>;

/** A digest decides: once attached, a partition is not attached again, whoever asks. */
async function attach(server: TableServer, { table, beside }: Names, object: RestoreObject): Promise<void> {
  if (!isPartition(object)) return;
  const { partition } = object.source;
  const final = object.rowDigest?.final ?? false;
  const there = await server.digest({ ...table, partitionId: partition, final });
  if (there.rows > 0) {
    if (sameRows(object, there)) return;
    throw foreign(table.table, object, there);
  }
  const proven = await server.digest({ ...beside, partitionId: partition, final });
  if (!sameRows(object, proven)) throw rowsDiffer(`${beside.database}.${beside.table}`, object, proven);
  if (proven.rows === 0) return;
  await server.attachPartitionFrom({ ...table, partitionId: partition }, beside, 'own');
}

async function lookAtTable(
  { name, objects, part }: PromoteInput & { part: TablePart },
  { payloads }: RecoveryDeps,
  access: RecoveryAccess,
  context: StepContext,
): Promise<Probe<Promoted>> {
  const seen = { promoted: 0, of: 0, rows: 0 };
  const table = tableName(part.table);
  let strange: GantryError | undefined;
  let beside = 0;
  for (const shard of part.shards) {
    const opened = access.server(part.cluster, firstReplica(access, part.cluster, shard), asStep(context));
    await withTables(opened, async (server) => {
      // It goes once all of a shard is attached: what differs then is what clients have written since.
      const attached = (await server.countRows(besideTable(name, table))) === undefined;
      if (!attached) beside += 1;
      const expected = new Set<string>();
      for await (const object of objectsOf(payloads, objects)) {
        if (!isPartition(object) || !isOf(part, object) || object.source.shard !== shard) continue;
        const { partition } = object.source;
        expected.add(partition);
        const there = await server.digest({
          ...table,
          partitionId: partition,
          final: object.rowDigest?.final ?? false,
        });
        seen.of += 1;
        seen.rows += there.rows;
        if (sameRows(object, there) || (attached && there.rows >= (rowsOf(object) ?? 1))) seen.promoted += 1;
        else if (there.rows > 0) strange ??= foreign(part.table, object, there);
      }
      for (const { partitionId, rows } of await server.partitions(table)) {
        if (expected.has(partitionId)) continue;
        strange ??= new GantryError(
          'ARCHIVE_TARGET_NOT_EMPTY',
          `partition ${partitionId} of ${part.table} has ${rows} rows that are not of the backup`,
        );
      }
    });
  }
  const words = `${seen.promoted} of ${seen.of} partitions of ${part.table} are in production, ${seen.rows} rows`;
  // All of it was attached: what came since is what clients wrote. What was attached from is dropped last: it holds the same disk space again
  // as soon as parts are merged.
  if (seen.promoted === seen.of)
    return beside === 0
      ? done(seen, words)
      : todo(seen, `${words}; ${beside} tables that they came from are left`, { begun: true });
  if (strange) return blocked('ARCHIVE_TARGET_NOT_EMPTY', seen, strange.message);
  return todo(seen, words, { begun: seen.promoted > 0 && seen.rows > 0 });
}

async function lookAtGroup(
  input: PromoteInput,
  deps: RecoveryDeps,
  access: RecoveryAccess,
  context: StepContext,
  group: string,
): Promise<Probe<Promoted>> {
  const target = await access.primary(group, { ...asAttempt(context), cutOff: true });
  try {
    return await lookAt(target, input, deps, context, group);
  } finally {
    target.close();
  }
}

async function lookAt(
  target: SnapshotTarget,
  input: PromoteInput,
  deps: RecoveryDeps,
  context: StepContext,
  group: string,
): Promise<Probe<Promoted>> {
  const replid = replidOf(await snapshotOf(input, deps), context);
  const keys = await target.keys();
  const ours = (await target.loadedFrom()) === replid;
  const seen = { promoted: ours ? 1 : 0, of: 1, rows: keys, epoch: await target.epoch() };
  if (ours && (await target.renewedFor()) !== replid)
    return todo(seen, `the primary of ${group} has the snapshot, and the epoch of its day`, { begun: true });
  if (ours) return done(seen, `the primary of ${group} has the snapshot: ${keys} keys, under the epoch ${seen.epoch}`);
  const followed = await target.follows();
  // A load of this run that was cut off: it took the snapshot over, or is as empty as before. No client has written to a replica.
  if (followed && (followed.replid === replid || (keys === 0 && !followed.linkUp)))
    return todo(seen, `the primary of ${group} follows a worker that was lost over the load`, { begun: true });
  if (followed)
    return blocked('REDIS_NO_PRIMARY', seen, `the nodes of ${group} follow another one, outside of the group`);
  if (keys > 0)
    return blocked(
      'ARCHIVE_TARGET_NOT_EMPTY',
      seen,
      `the primary of ${group} has ${keys} keys: a restore never overwrites`,
    );
  return todo(seen, `the primary of ${group} is empty`);
}

function foreign(table: string, object: RestoreObject, there: { rows: number; sum: string; xor: string }): GantryError {
  const differs = rowsDiffer(table, object, there);
  return new GantryError('ARCHIVE_TARGET_NOT_EMPTY', `production has other rows: ${differs.message}`, {
    evidence: differs.evidence,
  });
}
