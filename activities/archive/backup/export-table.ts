import { createHash } from 'node:crypto';
import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { storedObjects } from '../../../src/drivers/manifest/index.ts';
import type { BackupObject, BackupRowDigest, BackupTotal, TableShard, TotalSpec } from '../../../src/runs/index.ts';
import { asStep } from '../../clickhouse/access/access.ts';
import { mergesRows, nameOf, structureOf, withReplica } from '../access/partitions.ts';
import { roomFor } from '../spool/spool.ts';
import { carries } from './carries.ts';
import type { OfBackup, Reading } from './source-step.ts';
import { sourceStep } from './source-step.ts';
import { sameSpecs, totalsOf } from './totals.ts';
import { alreadyThere, keyPart, upload } from './upload.ts';

type ExportTable = OfBackup & TableShard;

/** How often a partition that takes rows meanwhile is exported again. */
const attempts = 3;

/**
 * The partitions of one shard of a table: those whose digest is that of the newest backup are carried over, the others exported.
 * The digest is read before and after an export; where it moved, the export is made again, and after three times kept
 * without one: the newest partition of a busy table is better kept than not.
 */
export const exportTable = sourceStep<ExportTable>({
  name: 'archive.export-table',
  about: ({ opened, cluster, table, shard }, { keys }) => {
    const path = `clickhouse/${keyPart(cluster)}/${keyPart(table)}/${shard}`;
    return {
      list: path,
      prefixes: [`${keys.own(opened.backupId)}${path}/`],
      what: `${table} of ${cluster}, shard ${shard}`,
    };
  },
  read: async function* (input, reading) {
    const { opened, table, shard } = input;
    const { deps, context } = reading;
    const before = await previousOf(input, reading);
    const access = await deps.clusters(input.cluster);
    const made: BackupObject[] = [];
    const totals = totalsOf(reading.access, input);
    // Partitions of one shard: thousands at most, as the server itself holds them.
    await withReplica(access, { table, shard }, asStep(context), async (node, { engine }) => {
      const structure = structureOf(await node.columns(nameOf(table)));
      const left = { unsettled: 0, withoutTotals: 0 };
      for (const { partitionId, bytes } of await node.partitions(nameOf(table))) {
        context.progress({ table, partition: partitionId });
        const one: One = { input, reading, node, partitionId, bytes, structure, totals, final: mergesRows(engine) };
        const known = opened.kind === 'increment' ? before.get(partitionId) : undefined;
        const found = await bring(one, known);
        if (!found) continue;
        const object = await withTotals(one, found);
        if (object.rowDigest === undefined) left.unsettled += 1;
        if (totals.length > 0 && !object.totals) left.withoutTotals += 1;
        made.push(object);
      }
      for (const [name, count] of Object.entries(left)) context.measure(name, count);
    });
    yield* made;
  },
});

type One = {
  input: ExportTable;
  reading: Reading;
  node: ClickHouseNode;
  partitionId: string;
  bytes: number;
  structure: string;
  final: boolean;
  totals: readonly TotalSpec[];
};

/** What the newest backup has of this shard of the table, by partition. */
async function previousOf(
  { opened, cluster, table, shard }: ExportTable,
  { deps }: Reading,
): Promise<Map<string, BackupObject>> {
  const found = new Map<string, BackupObject>();
  if (!opened.previous || opened.kind === 'full') return found;
  for await (const object of storedObjects(deps.payloads, opened.previous.objects)) {
    const { source } = object;
    if (source.kind !== 'clickhouse' || source.cluster !== cluster) continue;
    if (source.table === table && source.shard === shard) found.set(source.partition, object);
  }
  return found;
}

/** One partition: carried over, found as a former attempt left it, or exported. Nothing where it has no row any more. */
async function bring(one: One, known: BackupObject | undefined): Promise<BackupObject | undefined> {
  const { reading, structure } = one;
  for (let attempt = 1; ; attempt += 1) {
    const digest = await digestOf(one);
    if (digest.rows === 0) return undefined;
    const unchanged = known?.structure === structure && sameDigest(known.rowDigest, digest);
    if (known && unchanged && (await carries(reading.store, known))) return known;
    const place = placeOf(one, digest);
    const there = await alreadyThere(reading, place);
    if (there) return there;
    const object = await exportOnce(one, place, digest, attempt >= attempts);
    if (object) return object;
  }
}

/** Exports it; nothing where its rows moved meanwhile, unless it is to be `kept` all the same. */
async function exportOnce(
  one: One,
  place: ReturnType<typeof placeOf>,
  digest: BackupRowDigest,
  kept: boolean,
): Promise<BackupObject | undefined> {
  const { input, reading, node, partitionId, bytes, structure } = one;
  const name = { ...nameOf(input.table), partitionId };
  // Compressed by the server as well as by us, within a factor of two.
  await roomFor(reading.access, 2 * bytes);
  const readAt = new Date().toISOString();
  const rows = await node.rowCount(name);
  const { cluster, table, shard } = input;
  const source = { kind: 'clickhouse' as const, cluster, table, partition: partitionId, shard };
  return upload(reading, place, await node.exportPartition(name), 'gzip', async () => {
    const settled = sameDigest(await digestOf(one), digest) && (await node.rowCount(name)) === rows;
    if (settled) return { source, encoding: 'gzip', readAt, rowDigest: digest, rows, structure };
    return kept ? { source, encoding: 'gzip', readAt, structure } : undefined;
  });
}

/**
 * An object with the totals of its rows: those that it has from the backup that made it, if they are declared as before, and otherwise
 * made now. If the rows have moved since its digest, it is kept without any.
 */
async function withTotals(one: One, { totals: known, ...object }: BackupObject): Promise<BackupObject> {
  const { node, input, partitionId, final, totals } = one;
  if (totals.length === 0) return object;
  if (known && sameSpecs(known, totals)) return { ...object, totals: known };
  if (!object.rowDigest) return object;
  const made: BackupTotal[] = [];
  for (const spec of totals)
    made.push({ ...spec, ...(await node.total({ ...nameOf(input.table), partitionId, final }, spec)) });
  return sameDigest(object.rowDigest, await digestOf(one)) ? { ...object, totals: made } : object;
}

/** The key follows from what is in the partition: a retry finds what its predecessor wrote, and nothing else. */
function placeOf({ input, reading, partitionId, structure }: One, { rows, sum, xor }: BackupRowDigest) {
  const { opened, cluster, table, shard } = input;
  const content = createHash('sha256').update(`${structure}\n${rows}\n${sum}\n${xor}`).digest('hex').slice(0, 24);
  const path = `clickhouse/${keyPart(cluster)}/${keyPart(table)}/${shard}/${keyPart(partitionId)}-${content}.native.gz`;
  const { backupId } = opened;
  return { key: `${reading.access.keys.own(backupId)}${path}`, role: 'data' as const, backupId };
}

async function digestOf({ input, node, partitionId, final }: One): Promise<BackupRowDigest> {
  return { ...(await node.digest({ ...nameOf(input.table), partitionId, final })), final };
}

function sameDigest(a: BackupRowDigest | undefined, b: BackupRowDigest): boolean {
  return a?.rows === b.rows && a.sum === b.sum && a.xor === b.xor && a.final === b.final;
}
