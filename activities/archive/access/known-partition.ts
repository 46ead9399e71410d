import { storedObjects } from '../../../src/drivers/manifest/index.ts';
import type { ObjectStore } from '../../../src/drivers/s3/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { BackupObject, BackupRowDigest, PayloadStore } from '../../../src/runs/index.ts';
import type { ArchiveAccess } from './access.ts';
import { withStore } from './access.ts';
import type { TrustedBackup } from './backups.ts';
import { backupNames, newestBackup } from './backups.ts';

/** A partition as it is now, on each shard that has rows of it. */
export type PartitionNow = {
  cluster: string;
  table: string;
  partition: string;
  shards: readonly { shard: number; digest: BackupRowDigest }[];
};

/** Whether a backup of exactly these rows is known, and why. */
export type KnownPartition = { known: boolean; evidence: string };

/**
 * Answers for one archive whether a partition is backed up. A plan asks for many partitions in a row: the manifest is read
 * again only when there is a newer one.
 */
export function knownPartitions(
  access: ArchiveAccess,
  payloads: PayloadStore,
): (of: PartitionNow, signal: AbortSignal) => Promise<KnownPartition> {
  let last: { names: string; newest: TrustedBackup | undefined } | undefined;
  return (of, signal) =>
    withStore(access, { signal }, async (store) => {
      const names = JSON.stringify((await backupNames(access, store)).slice(0, 10));
      if (last?.names !== names) last = { names, newest: (await newestBackup(access, store, payloads)).newest };
      const { newest } = last;
      if (!newest) return { known: false, evidence: `the archive ${access.name} has no backup that can be trusted` };
      // A drill that failed since it was read.
      if (await store.head(access.keys.verdict(newest.backupId)))
        return { known: false, evidence: `a drill of ${newest.backupId} failed` };
      return lookUp(store, payloads, newest, of);
    });
}

async function lookUp(
  store: ObjectStore,
  payloads: PayloadStore,
  { backupId, objects }: TrustedBackup,
  { cluster, table, partition, shards }: PartitionNow,
): Promise<KnownPartition> {
  const held = new Map<number, BackupObject>();
  for await (const object of storedObjects(payloads, objects)) {
    const { source } = object;
    if (source.kind === 'clickhouse' && source.cluster === cluster && source.table === table)
      if (source.partition === partition) held.set(source.shard, object);
  }
  for (const { shard, digest } of shards) {
    const object = held.get(shard);
    if (!object) return { known: false, evidence: `${backupId} does not have it of shard ${shard}` };
    const kept = object.rowDigest;
    if (!kept) return { known: false, evidence: `${backupId} has it of shard ${shard} as it was while rows came in` };
    const equal =
      kept.rows === digest.rows && kept.sum === digest.sum && kept.xor === digest.xor && kept.final === digest.final;
    if (!equal) {
      const rows = `${digest.rows} rows now, ${kept.rows} in ${backupId}`;
      return { known: false, evidence: `shard ${shard} holds other rows than were backed up: ${rows}` };
    }
    const fault = await objectFault(store, object);
    if (fault !== undefined) return { known: false, evidence: `${object.key}: ${fault}` };
  }
  return { known: true, evidence: `${backupId} has the same rows of ${shards.length} shards, read back` };
}

/** What is wrong with an object as HEAD shows it, in words; nothing where it is as its manifest says. */
export async function objectFault(store: ObjectStore, object: BackupObject): Promise<string | undefined> {
  const { key, versionId, size, sha256 } = object;
  try {
    const facts = await store.head(key, versionId);
    if (!facts) return 'it is not there any more';
    if (facts.size !== size) return `it has ${facts.size} bytes instead of ${size}`;
    return facts.sha256 === sha256 ? undefined : 'its SHA-256 is not that of the manifest';
  } catch (error) {
    if (error instanceof GantryError && error.code === 'S3_NO_PERMISSION') return 'it may not be looked at';
    throw error;
  }
}
