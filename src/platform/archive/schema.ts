import { z } from 'zod';
import { count, host, mapOf, name, port, text, url } from '../schema/names.ts';
import { always } from '../schema/relaxed.ts';
import { secretRef } from '../schema/secret.ts';
import { duration, rename, size } from '../schema/units.ts';
import { prices, storageClasses } from './prices-schema.ts';

const day = 86_400_000;
const days = duration.refine((ms) => ms > 0 && ms % day === 0, { error: 'must be whole days, at least one' });

const credentials = z
  .strictObject({
    accessKeyId: secretRef,
    secretAccessKey: secretRef,
    sessionToken: secretRef.exactOptional(),
  })
  .describe('Of the object store. Left out: what the environment of the worker gives the AWS SDK (a role, a profile).');

const signing = z
  .strictObject({
    keyId: name.describe('The key that new manifests are signed with; one of `publicKeys`.'),
    privateKey: secretRef.describe(
      'Ed25519, PKCS #8 in PEM. Workers that make backups need it; those that restore and audit do not.',
    ),
    publicKeys: mapOf(
      z.string().regex(/^[A-Za-z0-9+/]{40,}={0,2}$/, { error: 'an Ed25519 public key, SPKI in base64' }),
    ).describe(
      'Keys whose manifests are accepted, by name: SPKI (DER) in base64. A former key stays here as long as its backups are kept.',
    ),
  })
  .superRefine(({ keyId, publicKeys }, context) => {
    if (typeof keyId !== 'string' || Object.hasOwn(publicKeys ?? {}, keyId)) return;
    const message = `no public key is called ${keyId}: manifests could not be verified`;
    context.addIssue({ code: 'custom', message, path: ['keyId'] });
  }, always);

const total = z.strictObject({
  sum: text
    .exactOptional()
    .describe(
      'The column that is added up: whole numbers, decimals, floats (to the millionth), states of `sum`. Left out: rows are counted.',
    ),
  by: z
    .array(text)
    .max(4)
    .default([])
    .describe('Columns: the totals must be equal for each of their values (a day, a customer), not as a whole alone.'),
});

/** A manifest has all totals of a partition on one line. */
const totals = mapOf(total).refine((map) => Object.keys(map).length <= 8, { error: 'eight totals of a table at most' });

const clickhouseSource = z.strictObject({
  cluster: name,
  tables: z
    .array(text)
    .default([])
    .describe('In full, `database.table`; those that the cluster lists under `tables` unless given.'),
  totals: mapOf(totals).describe(
    'By table in full, and a name: what is added up when it is backed up, and must be equal after a restore before anything is promoted.',
  ),
});

const sources = z.strictObject({
  clickhouse: z.array(clickhouseSource).default([]),
  redis: z.array(name).default([]).describe('Groups.'),
  platformFile: z.boolean().default(true).describe('This file. It holds no secret, only where secrets are.'),
});

const classes = z.strictObject({
  data: z
    .enum(storageClasses)
    .default('STANDARD')
    .describe('Of partitions and Redis snapshots, when they are written.'),
  metadata: z
    .enum(['STANDARD', 'STANDARD_IA'])
    .default('STANDARD')
    .describe('Of manifests, schemas and the platform file. Never a cold one: a restore is planned from them.'),
});

const staging = z
  .strictObject({
    clickhouse: z
      .strictObject({ url, username: text.exactOptional(), password: secretRef.exactOptional() })
      .exactOptional()
      .describe('HTTP interface of a server that holds no production data.'),
    redis: z
      .strictObject({
        host,
        port: port.default(6379),
        username: text.exactOptional(),
        password: secretRef.exactOptional(),
      })
      .exactOptional(),
    closed: z
      .discriminatedUnion('kind', [
        z
          .strictObject({ kind: z.literal('ask') })
          .describe('The staging server itself is asked to reach every production node, and must fail.'),
        z.strictObject({
          kind: z.literal('command'),
          confirm: z
            .array(text)
            .min(1)
            .describe('Program and arguments that exit with 0 only when staging cannot reach production.'),
        }),
      ])
      .prefault({ kind: 'ask' })
      .describe('How it is proven, before each restore, that staging cannot reach production.'),
  })
  .describe('Where a restore is verified before it is promoted. Its contents are replaced.');

const restore = z
  .strictObject({
    deadline: duration
      .prefault('48h')
      .describe('From the start of a restore to verified data; tiers are chosen by it.'),
    askAbove: z
      .number()
      .min(0)
      .default(100)
      .describe('Cost, in the currency of `prices`, above which a run asks before it spends more than was approved.'),
    expiryMargin: duration
      .prefault('12h')
      .describe('A thawed copy that expires sooner than this after its estimated copy-out is extended first.'),
  })
  .transform(rename({ deadline: 'deadlineMs', expiryMargin: 'expiryMarginMs' }));

const audit = z
  .strictObject({
    maxAge: duration
      .prefault('36h')
      .describe('The newest backup that can be trusted must not be older: its schedule, and some hours.'),
    sample: count.max(10_000).default(100).describe('Objects of the newest backup that an audit looks at (HEAD).'),
    manifests: count.max(400).default(7).describe('Manifests that an audit reads and verifies, from the newest on.'),
  })
  .transform(rename({ maxAge: 'maxAgeMs' }));

const transfer = z
  .strictObject({
    concurrency: count.max(64).default(8).describe('Requests at the same time.'),
    requestsPerSecond: count.max(5_000).default(200),
    partSize: size.prefault('64MiB').describe('Objects above this size are uploaded in parts of it; 5MiB at least.'),
    spool: text
      .exactOptional()
      .describe(
        'A folder of the worker with room for its largest partition, compressed; the system’s own unless given.',
      ),
  })
  .superRefine(({ partSize }, context) => {
    if (typeof partSize !== 'number' || (partSize >= 5 * 2 ** 20 && partSize <= 5 * 2 ** 30)) return;
    context.addIssue({ code: 'custom', message: 'S3 takes parts of 5MiB to 5GiB', path: ['partSize'] });
  }, always)
  .transform(rename({ partSize: 'partBytes' }));

const archive = z
  .strictObject({
    bucket: name.describe('Its name in the object store, and in `storage.buckets`. Versioning must be on.'),
    region: name,
    endpoint: url.exactOptional().describe('Of an object store other than AWS’s.'),
    forcePathStyle: z
      .boolean()
      .default(false)
      .describe('The bucket in the path instead of the host name (MinIO, Ceph).'),
    prefix: z
      .string()
      .regex(/^([A-Za-z0-9._-]+\/)*$/, { error: 'empty, or a path of letters, digits, . _ - that ends with a slash' })
      .default('gantry/')
      .describe('What the keys of this archive begin with. No two archives of a bucket share one.'),
    credentials: credentials.exactOptional(),
    signing,
    sources: sources.prefault({}),
    classes: classes.prefault({}),
    fullEvery: days
      .prefault('30d')
      .describe(
        'A backup whose last full one is older exports everything again, so that no object is relied on for ever.',
      ),
    retention: days.prefault('365d').describe('How long each object of a backup is kept from deletion.'),
    lock: z
      .enum(['none', 'governance', 'compliance'])
      .default('governance')
      .describe(
        'Object Lock, until the end of `retention`. `compliance`: no one can shorten it. Needs a bucket with Object Lock.',
      ),
    legalHold: z.boolean().default(false).describe('Beside the retention, until it is lifted by hand.'),
    transfer: transfer.prefault({}),
    prices: prices.prefault({}),
    restore: restore.prefault({}),
    audit: audit.prefault({}),
    staging: staging.exactOptional(),
  })
  .transform(rename({ fullEvery: 'fullEveryMs', retention: 'retentionMs' }));

/** Where backups go, what is in them, and how they are brought back. */
export const archives = z.strictObject({ archives: mapOf(archive) });

export type Archive = z.output<typeof archive>;
export type ArchiveStaging = NonNullable<Archive['staging']>;
export type StorageClass = (typeof storageClasses)[number];
