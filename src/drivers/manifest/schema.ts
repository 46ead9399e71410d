import { z } from 'zod';
import type { BackupObject, ManifestHeader, ManifestTrailer } from '../../runs/index.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const words = z.string().min(1).max(2_000);

const source = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('clickhouse-schema'), cluster: words }),
  z.strictObject({
    kind: z.literal('clickhouse'),
    cluster: words,
    table: words,
    partition: words,
    shard: z.int().min(1),
  }),
  z.strictObject({ kind: z.literal('redis'), group: words }),
  z.strictObject({ kind: z.literal('platform-file') }),
]);

/** Of a decimal, or of a whole number above 2^53. */
const figure = z.string().regex(/^-?\d+(\.\d+)?$/);

const total = z.strictObject({
  name: words,
  sum: words.exactOptional(),
  by: z.array(words),
  value: figure,
  groups: count,
  digest: z.strictObject({ sum: words, xor: words }),
  // A key may be empty: that of a customer without a name.
  each: z.array(z.strictObject({ key: z.array(z.string()), value: figure })).exactOptional(),
});

/** Every border validates: what lies in a bucket may have been written by anyone. */
export const backupObject = z.strictObject({
  key: words,
  versionId: words,
  size: count,
  sha256,
  storageClass: words,
  role: z.enum(['schema', 'data', 'redis', 'platform']),
  source,
  encoding: z.enum(['identity', 'gzip']),
  backupId: words,
  readAt: words,
  rowDigest: z.strictObject({ rows: count, sum: words, xor: words, final: z.boolean() }).exactOptional(),
  rows: count.exactOptional(),
  structure: words.exactOptional(),
  totals: z.array(total).exactOptional(),
  offset: z.strictObject({ replid: words, offset: count }).exactOptional(),
}) satisfies z.ZodType<BackupObject>;

export const manifestHeader = z.strictObject({
  format: z.literal('gantry-manifest'),
  version: z.literal(1),
  archive: words,
  backupId: words,
  createdAt: words,
  kind: z.enum(['full', 'increment']),
  fullBackupId: words,
  fullCreatedAt: words,
  previous: z.strictObject({ key: words, versionId: words, sha256 }).exactOptional(),
  verifiedAt: words,
}) satisfies z.ZodType<ManifestHeader>;

const tally = z.strictObject({ objects: count, bytes: count });

export const manifestTrailer = z.strictObject({
  objects: count,
  bytes: count,
  tally: z.strictObject({
    schema: tally.exactOptional(),
    data: tally.exactOptional(),
    redis: tally.exactOptional(),
    platform: tally.exactOptional(),
  }),
  sha256,
  signature: z.strictObject({ keyId: words, ed25519: z.string().max(200) }),
}) satisfies z.ZodType<ManifestTrailer>;
