import type { PartitionFacts } from '../../../src/drivers/clickhouse/index.ts';
import { totalFault } from '../../../src/drivers/clickhouse/index.ts';
import { storedObjects } from '../../../src/drivers/manifest/index.ts';
import type { BackupFacts, BackupIntent, GroupFacts, ShardFacts } from '../../../src/planning/archive/index.ts';
import { planBackup, shardName, totalWords } from '../../../src/planning/archive/index.ts';
import type { ArchiveBackupInput, PlanCall, TableShard } from '../../../src/runs/index.ts';
import { definePlan } from '../../../src/steps/index.ts';
import { isAbsence, withNode } from '../../redis/access/access.ts';
import type { ArchiveAccess, ArchiveDeps } from '../access/access.ts';
import { withStore } from '../access/access.ts';
import type { TrustedBackup } from '../access/backups.ts';
import { newestBackup } from '../access/backups.ts';
import { totalsOf } from './totals.ts';
import { nameOf, withReplica } from '../access/partitions.ts';

/** Looks at the bucket, the newest backup and the sources, and plans. Digests are read by the steps: here they would be old. */
export const backupPlan = definePlan(
  'archive.backup',
  async ({ input }: PlanCall<ArchiveBackupInput>, deps: ArchiveDeps, signal) => {
    const access = deps.archives(input.archive);
    access.signer();
    const intent = await intentOf(access, input, deps);
    return withStore(access, { signal }, async (store) => {
      const versioning = await store.versioning();
      const objectLock = intent.lock !== 'none' || intent.legalHold ? await store.objectLock() : false;
      const { newest, refused } = await newestBackup(access, store, deps.payloads);
      const known = await knownPartitions(deps, newest);
      const shards: ShardFacts[] = [];
      for (const one of intent.tables) shards.push(await readShard(one, access, deps, known, signal));
      const groups: GroupFacts[] = [];
      for (const group of intent.groups) groups.push({ group, bytes: await groupBytes(group, deps) });
      const facts: BackupFacts = {
        ...{ nowMs: Date.now(), versioning, objectLock, refused, shards, groups },
        ...(newest ? { newest: shownOf(newest) } : {}),
      };
      return planBackup(intent, facts);
    });
  },
);

async function intentOf(
  { name, config, tables }: ArchiveAccess,
  input: ArchiveBackupInput,
  { clusters }: ArchiveDeps,
): Promise<BackupIntent> {
  const { bucket, sources, lock, legalHold, fullEveryMs, retentionMs, classes, prices } = config;
  const shards: TableShard[] = [];
  for (const { cluster, table } of tables) {
    const { config: of } = await clusters(cluster);
    for (let shard = 1; shard <= of.shards; shard += 1) shards.push({ cluster, table, shard });
  }
  return {
    ...{ archive: name, bucket, full: input.full === true, tables: shards, groups: sources.redis },
    ...{ platformFile: sources.platformFile, lock, legalHold, fullEveryMs, retentionMs, prices },
    dataClass: classes.data,
    ...(input.sources === undefined ? {} : { sources: input.sources }),
  };
}

type Known = ReadonlyMap<string, { rows: number | undefined; readAtMs: number }>;

/** When each partition was read for the newest backup, and how many rows it had. */
async function knownPartitions({ payloads }: ArchiveDeps, newest: TrustedBackup | undefined): Promise<Known> {
  const known = new Map<string, { rows: number | undefined; readAtMs: number }>();
  if (!newest) return known;
  for await (const { source, rows, readAt } of storedObjects(payloads, newest.objects))
    if (source.kind === 'clickhouse')
      known.set(`${shardName(source)}/${source.partition}`, { rows, readAtMs: Date.parse(readAt) });
  return known;
}

async function readShard(
  one: TableShard,
  archive: ArchiveAccess,
  deps: ArchiveDeps,
  known: Known,
  signal: AbortSignal,
): Promise<ShardFacts> {
  const access = await deps.clusters(one.cluster);
  const declared = totalsOf(archive, one);
  return withReplica(access, one, { signal }, async (node, _facts, server) => {
    const partitions = await node.partitions(nameOf(one.table));
    const columns = declared.length > 0 ? await node.columns(nameOf(one.table)) : [];
    const nowMs = await node.clock();
    const changed = partitions.filter((partition) => {
      const before = known.get(`${shardName(one)}/${partition.partitionId}`);
      // A merge rewrites parts too: so this is the most that can have changed.
      return before?.rows !== partition.rows || nowMs - partition.ageSeconds * 1_000 >= before.readAtMs;
    });
    const bytes = (of: readonly PartitionFacts[]): number => of.reduce((sum, { bytes: size }) => sum + size, 0);
    return {
      ...{ ...one, server, partitions: partitions.length, bytes: bytes(partitions) },
      ...{ changed: changed.length, changedBytes: bytes(changed) },
      totals: declared.map(totalWords),
      totalFaults: declared.flatMap((total) => totalFault(columns, total, one.table) ?? []),
    };
  });
}

/** What the data of a group takes in memory: its snapshot is smaller as a rule. 0 where no node answers. */
async function groupBytes(group: string, { groups }: ArchiveDeps): Promise<number> {
  const access = await groups(group);
  for (const { name } of access.config.nodes) {
    try {
      const memory = await withNode(access, name, (node) => node.info('memory'));
      return Number(memory['used_memory_dataset'] ?? memory['used_memory'] ?? 0);
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
  }
  return 0;
}

function shownOf({ backupId, header, trailer }: TrustedBackup): NonNullable<BackupFacts['newest']> {
  const { createdAt, fullCreatedAt } = header;
  return { backupId, createdAt, fullCreatedAt, objects: trailer.objects, bytes: trailer.bytes };
}
