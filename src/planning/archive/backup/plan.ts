import type { ErrorCode } from '../../../errors/index.ts';
import type { ActionOf, DraftOf } from '../../../runs/index.ts';
import { backupCost } from './cost.ts';
import { isSelected } from './select.ts';
import type { BackupData, BackupFacts, BackupIntent, ShardFacts } from './types.ts';

type Finding = { code: ErrorCode; message: string; place?: string };

/** A plan, or everything that is in its way. */
export type BackupPlanned =
  { ok: true; draft: DraftOf<'archive.backup', BackupData> } | { ok: false; findings: readonly Finding[] };

/** Facts → what a backup will read, write and cost. Pure. */
export function planBackup(intent: BackupIntent, facts: BackupFacts): BackupPlanned {
  const data = dataOf(intent, facts);
  const findings = findingsOf(intent, facts, data);
  if (findings.length > 0) return { ok: false, findings };
  const full = isFull(intent, facts);
  const shards = facts.shards.filter((one) => data.read.includes(shardName(one)));
  const bytes = sum(shards.map((one) => (full ? one.bytes : one.changedBytes)));
  const partitions = sum(shards.map((one) => (full ? one.partitions : one.changed)));
  const groups = facts.groups.filter(({ group }) => data.groups.includes(group));
  const redisBytes = sum(groups.map((one) => one.bytes));
  const objects = partitions + groups.length + data.schemas.length + 1;
  const { retentionMs, dataClass: storageClass } = intent;
  const cost = backupCost(intent.prices, { objects, bytes: bytes + redisBytes, retentionMs, storageClass });
  const { currency } = intent.prices;
  const money = (value: number): string => `${value.toFixed(2)} ${currency}`;
  const { newest } = facts;
  return {
    ok: true,
    draft: {
      title: `Back up ${intent.archive} to ${intent.bucket}`,
      actions: actionsOf(data, intent),
      facts: [
        {
          label: 'newest backup',
          value: newest
            ? `${newest.backupId}: ${newest.objects} objects, ${inWords(newest.bytes)}`
            : 'none that can be trusted',
        },
        { label: 'kind', value: full ? 'full: everything is exported' : 'increment: what has changed is exported' },
        {
          label: 'partitions to export',
          value: `at most ${partitions} of ${sum(shards.map((one) => one.partitions))}`,
        },
        { label: 'to write and to read back', value: `at most ${inWords(bytes + redisBytes)} in ${objects} objects` },
        { label: 'cost of it', value: `at most ${money(cost.once)} now, ${money(cost.perMonth)} a month` },
        { label: 'cost until its retention ends', value: `at most ${money(cost.kept)} in ${storageClass}` },
        ...shards.slice(0, 40).map((one) => ({
          label: `${one.table} of ${one.cluster}, shard ${one.shard}`,
          value: `${full ? one.partitions : one.changed} of ${one.partitions} partitions, ${inWords(full ? one.bytes : one.changedBytes)}, from ${one.server}`,
        })),
        ...totalFacts(shards),
        ...groups.map(({ group, bytes: size }) => ({ label: `Redis group ${group}`, value: `about ${inWords(size)}` })),
      ],
      warnings: warningsOf(intent, facts, cost.unknown),
      irreversible: data.protect
        ? [`Once an object is protected it stays for ${Math.round(retentionMs / 86_400_000)} days at least.`]
        : [],
      voidIf: ['a changed platform file gives another plan'],
      data,
    },
  };
}

function dataOf(intent: BackupIntent, { newest }: BackupFacts): BackupData {
  const wanted = (name: string): boolean => isSelected(intent.sources, name);
  const tables = intent.tables.filter((one) => wanted(shardName(one)));
  const schemas = [...new Set(tables.map(({ cluster }) => cluster))];
  const groups = intent.groups.filter((group) => wanted(`redis/${group}`));
  const platformFile = intent.platformFile && wanted('platform-file');
  const read = [
    ...schemas.map((cluster) => `schema/${cluster}`),
    ...tables.map(shardName),
    ...groups.map((group) => `redis/${group}`),
    ...(platformFile ? ['platform-file'] : []),
  ];
  const { archive, full, sources, lock, legalHold } = intent;
  return {
    ...{ archive, full, schemas, tables, groups, platformFile, read },
    carryOver: sources !== undefined && newest !== undefined,
    protect: lock !== 'none' || legalHold,
  };
}

function findingsOf(intent: BackupIntent, facts: BackupFacts, { read }: BackupData): Finding[] {
  const findings: Finding[] = [];
  const { bucket } = intent;
  if (facts.versioning !== 'enabled')
    findings.push({
      code: 'S3_NO_VERSIONING',
      message: `the versions of ${bucket} are ${facts.versioning}`,
      place: bucket,
    });
  if ((intent.lock !== 'none' || intent.legalHold) && !facts.objectLock)
    findings.push({ code: 'S3_NO_OBJECT_LOCK', message: `${bucket} has no Object Lock`, place: bucket });
  for (const one of facts.shards) {
    const place = `${one.cluster}/${one.table}`;
    if (!read.includes(shardName(one))) continue;
    for (const message of one.totalFaults)
      if (!findings.some((known) => known.message === message && known.place === place))
        findings.push({ code: 'ARCHIVE_TOTAL_UNUSABLE', message, place });
  }
  for (const selector of intent.sources ?? []) {
    // A schema goes with any table of its cluster, also with one that is not there.
    if (read.some((name) => !name.startsWith('schema/') && isSelected([selector], name))) continue;
    const held = [...new Set(intent.tables.map(({ cluster, table }) => `clickhouse/${cluster}/${table}`))];
    const all = [
      ...held,
      ...intent.groups.map((group) => `redis/${group}`),
      ...(intent.platformFile ? ['platform-file'] : []),
    ];
    const message = `${intent.archive} does not hold ${selector}; it holds ${all.join(', ') || 'nothing'}`;
    findings.push({ code: 'ARCHIVE_UNKNOWN_SOURCE', message, place: 'sources' });
  }
  if (read.length === 0 && findings.length === 0)
    findings.push({
      code: 'ARCHIVE_UNKNOWN_SOURCE',
      message: `${intent.archive} has no sources`,
      place: intent.archive,
    });
  return findings;
}

function actionsOf(data: BackupData, intent: BackupIntent): ActionOf<'archive.backup'>[] {
  const action = (step: ActionOf<'archive.backup'>['step'], what: string, reversible = true) => ({
    step,
    what,
    reversible,
  });
  return [
    action('archive.open-backup', 'give the backup its name, find the newest one that can be trusted'),
    ...data.schemas.map((cluster) => action('archive.export-schema', `write down every table of ${cluster}`)),
    ...data.tables.map((one) =>
      action(
        'archive.export-table',
        `export what has changed of ${one.table} of ${one.cluster}, shard ${one.shard}, in Native format`,
      ),
    ),
    ...data.groups.map((group) => action('archive.snapshot-redis', `take a snapshot of ${group} at a known offset`)),
    ...(data.platformFile ? [action('archive.store-platform-file', 'store the platform file')] : []),
    ...(data.carryOver ? [action('archive.carry-over', 'carry over what is not read this time')] : []),
    action('archive.verify-objects', 'read every new object back and compare its SHA-256'),
    action('archive.write-manifest', 'sign the manifest, write it, read it back'),
    ...(data.protect
      ? [
          action(
            'archive.protect-objects',
            `protect every new object${intent.legalHold ? ', with a legal hold' : ''}`,
            false,
          ),
        ]
      : []),
    action('archive.clear-lists', 'remove the lists that the steps made for each other', false),
  ];
}

/** What is added up, once for each table. */
function totalFacts(shards: readonly ShardFacts[]): { label: string; value: string }[] {
  const tables = new Map(shards.map(({ cluster, table, totals }) => [`${table} of ${cluster}`, totals]));
  return [...tables]
    .filter(([, totals]) => totals.length > 0)
    .map(([table, totals]) => ({ label: `totals of ${table}`, value: totals.join('; ') }));
}

function warningsOf(intent: BackupIntent, { refused, newest }: BackupFacts, unknown: readonly string[]): string[] {
  return [
    ...refused.map(({ backupId, why }) => `${backupId} is newer than what is built on, and counts for nothing: ${why}`),
    ...(intent.lock === 'none' && !intent.legalHold
      ? ['no object is protected: whoever may delete in the bucket can delete this backup']
      : []),
    ...(intent.sources !== undefined && !newest
      ? ['there is no backup to carry the rest over from: this one holds nothing but the sources that are named']
      : []),
    ...(unknown.length > 0 ? [`prices that the platform file does not have count as zero: ${unknown.join(', ')}`] : []),
  ];
}

function isFull({ full, fullEveryMs }: BackupIntent, { newest, nowMs }: BackupFacts): boolean {
  return full || !newest || nowMs - Date.parse(newest.fullCreatedAt) >= fullEveryMs;
}

/** As `sourceName` of the steps has it. */
export function shardName({ cluster, table, shard }: Pick<ShardFacts, 'cluster' | 'table' | 'shard'>): string {
  return `clickhouse/${cluster}/${table}/${shard}`;
}

function inWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1_000 && unit < units.length - 1) [value, unit] = [value / 1_000, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}
