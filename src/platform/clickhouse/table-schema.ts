import { z } from 'zod';
import { count, name, text } from '../schema/names.ts';
import { secretRef } from '../schema/secret.ts';
import { shardMap } from './shard-map.ts';
import { duration, rename, size } from '../schema/units.ts';

const placeholders =
  '`{cluster}`, `{database}`, `{table}` and `{partition}` stand for the partition under way, `{unit}` for a name that every retry has';

const programs = {
  close: z
    .array(text)
    .min(1)
    .describe(`Program and arguments that hold the writers of one partition back; ${placeholders}.`),
  open: z.array(text).min(1).describe('Program and arguments that let them go on. It may run twice.'),
  confirm: z
    .array(text)
    .min(1)
    .describe('Exits with 0 only when no writer sends rows of this partition any more, and none is under way.'),
};

/**
 * How the ingest of one partition is held back while it changes its shard. Rows that arrive between the last look at the
 * source and its DETACH would otherwise vanish from sight with every check green (docs/clickhouse/rebalance.md).
 */
const ingestFence = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('command'), ...programs }),
  z.strictObject({
    kind: z.literal('ssh'),
    host: text.describe(`Where the programs run; ${placeholders}.`),
    user: text,
    privateKey: secretRef,
    hostKey: text.describe('The host’s public key, pinned: `ssh-ed25519 AAAA…`.'),
    ...programs,
  }),
  z
    .strictObject({ kind: z.literal('quiet'), for: duration })
    .transform(rename({ for: 'forMs' }))
    .describe(
      'No writer is held back: the partition must have taken no row for this long. Late rows are found after the DETACH and made visible again.',
    ),
]);

/** Hashes that every version has for every type of column; each value has one. */
export const keyHashes = ['cityHash64', 'sipHash64'] as const;

const keys = z
  .strictObject({
    hash: z.enum(keyHashes).default('cityHash64'),
    column: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,126}$/, { error: 'a column is letters, digits, underscore' })
      .describe('What a row is placed by: `customer`.'),
    buckets: count
      .max(1024)
      .default(60)
      .describe(
        'Into how many buckets the keys fall, `hash(column) % buckets`; each lies on one shard. A multiple of every number of shards that there may be; never changed afterwards.',
      ),
  })
  .describe('A table whose rows are placed by a key: docs/clickhouse/key-reshard.md.');

/** A replicated table, and how its partitions may be moved. */
export const clickhouseTable = z
  .strictObject({
    distributed: text.exactOptional().describe('The Distributed table that readers ask, with its database.'),
    keys: keys.exactOptional(),
    fence: ingestFence.prefault({ kind: 'quiet', for: '10m' }),
    closedAfter: duration
      .prefault('24h')
      .describe(
        'A partition that took a row within this time is never moved: longer than the time for which any producer retries.',
      ),
    weights: shardMap(z.number().min(0)).describe(
      'Share of each shard, by its number; 1 unless given (0 where the `membership` of the cluster gives it 0), 0 empties it.',
    ),
    tolerance: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .describe('How far from its share a shard may be, as a part of it.'),
    ignore: size.prefault('64MiB').describe('Differences up to this size are never worth a move.'),
    maxMoves: count.max(200).default(100).describe('The most moves of one run; the history of one run holds 200.'),
    window: count.max(8).default(1).describe('How many moves run at the same time; two never share a shard.'),
    pause: duration.prefault('0s').describe('Between one move and the next.'),
    maxPartition: size.prefault('50GB').describe('Larger ones are left: the server refuses to detach them.'),
    retain: duration
      .prefault('72h')
      .describe('How long the source keeps what it gave away, so that a move can be undone.'),
    maxFetchRate: size
      .exactOptional()
      .describe(
        'The network bandwidth that the copy of a moved partition may use, per second and replica: `50MB`. Servers that cannot limit it (18.16) use all that they get, and the plan says so.',
      ),
    tier: name.exactOptional().describe('Where its parts lie, on a server without storage policies.'),
  })
  .transform(
    rename({
      closedAfter: 'closedAfterMs',
      ignore: 'ignoreBytes',
      pause: 'pauseMs',
      maxPartition: 'maxPartitionBytes',
      retain: 'retainMs',
      maxFetchRate: 'maxFetchBytesPerSecond',
    }),
  );

export type ClickHouseTable = z.output<typeof clickhouseTable>;
/** By which key rows are placed, and in how many buckets. */
export type TableKeys = NonNullable<ClickHouseTable['keys']>;
export type IngestFence = ClickHouseTable['fence'];
