import { describe, expect, test } from 'vitest';
import type { BackupFacts, BackupIntent } from '../../../src/planning/archive/index.ts';
import { backupCost, isSelected, planBackup } from '../../../src/planning/archive/index.ts';

const day = 86_400_000;
const nowMs = Date.parse('2026-06-30T00:00:00Z');
const shard = (table: string, number: number) => ({ cluster: 'metrics', table, shard: number });
const intent: BackupIntent = {
  ...{ archive: 'main', bucket: 'backups', full: false, groups: ['sessions'], platformFile: true },
  tables: [shard('usage.events', 1), shard('usage.events', 2), shard('usage.bills', 1)],
  ...{ lock: 'governance', legalHold: false, fullEveryMs: 30 * day, retentionMs: 90 * day, dataClass: 'STANDARD' },
  prices: { currency: 'EUR', storage: { STANDARD: 0.02 }, requests: { put: 0.005, get: 0.0004 }, transferPerGB: 0 },
};
const facts: BackupFacts = {
  ...{ nowMs, versioning: 'enabled', objectLock: true, refused: [] },
  newest: {
    backupId: 'b1',
    createdAt: '2026-06-29T00:00:00Z',
    fullCreatedAt: '2026-06-10T00:00:00Z',
    objects: 9,
    bytes: 5e9,
  },
  shards: intent.tables.map((one) => ({
    ...one,
    server: 's1',
    partitions: 10,
    bytes: 10e9,
    changed: 1,
    changedBytes: 1e9,
    totals: [],
    totalFaults: [],
  })),
  groups: [{ group: 'sessions', bytes: 1e9 }],
};
const planned = (more: Partial<BackupIntent> = {}, seen: Partial<BackupFacts> = {}) => {
  const plan = planBackup({ ...intent, ...more }, { ...facts, ...seen });
  if (!plan.ok) throw new Error(plan.findings.map(({ code, message }) => `${code}: ${message}`).join('; '));
  return plan.draft;
};
const factOf = (draft: ReturnType<typeof planned>, label: string) =>
  draft.facts.find((one) => one.label === label)?.value;

describe('a plan of a backup', () => {
  test('exports at most what has changed, and says what that costs', () => {
    const draft = planned();
    expect(factOf(draft, 'partitions to export')).toBe('at most 3 of 30');
    expect(factOf(draft, 'to write and to read back')).toBe('at most 4.0 GB in 6 objects');
    expect(factOf(draft, 'cost until its retention ends')).toBe('at most 0.24 EUR in STANDARD');
    expect(draft.data).toMatchObject({ protect: true, carryOver: false, schemas: ['metrics'], groups: ['sessions'] });
    expect(draft.irreversible).toHaveLength(1);
  });

  test('is full when it is asked for, when there is none to build on, and when the last full one is too old', () => {
    const none: BackupFacts = { ...facts };
    delete none.newest;
    const alone = planBackup(intent, none);
    if (!alone.ok) throw new Error('it can be planned');
    for (const draft of [planned({ full: true }), planned({ fullEveryMs: 20 * day }), alone.draft])
      expect(factOf(draft, 'partitions to export')).toBe('at most 30 of 30');
  });

  test('reads what is named alone, and carries the rest over', () => {
    const { data, actions } = planned({ sources: ['clickhouse/metrics/usage.events', 'redis'] });
    expect(data.tables.map(({ table, shard: number }) => `${table}/${number}`)).toEqual([
      'usage.events/1',
      'usage.events/2',
    ]);
    expect(data).toMatchObject({ carryOver: true, platformFile: false, schemas: ['metrics'], groups: ['sessions'] });
    expect(actions.map(({ step }) => step)).toContain('archive.carry-over');
  });

  test('is refused with everything that is in its way at once', () => {
    const plan = planBackup(
      { ...intent, sources: ['redis/none', 'clickhouse/metrics/usage.none'] },
      { ...facts, versioning: 'suspended', objectLock: false },
    );
    expect(plan.ok ? [] : plan.findings.map(({ code }) => code)).toEqual([
      'S3_NO_VERSIONING',
      'S3_NO_OBJECT_LOCK',
      'ARCHIVE_UNKNOWN_SOURCE',
      'ARCHIVE_UNKNOWN_SOURCE',
    ]);
  });

  test('holds no reading in what its hash is made of: rows that come in do not void an approval', () => {
    const busy = facts.shards.map((one) => ({ ...one, partitions: 99, changed: 50, changedBytes: 5e12 }));
    expect(planned({}, { shards: busy }).data).toEqual(planned().data);
    expect(planned({}, { shards: busy }).actions).toEqual(planned().actions);
  });

  test('warns of refused manifests, of missing prices, and of a backup that anyone may delete', () => {
    const refused = [{ backupId: 'b2', code: 'ARCHIVE_MANIFEST_UNTRUSTED', why: 'another key' }];
    const { warnings, data, irreversible } = planned(
      { lock: 'none', prices: { currency: 'USD', storage: {}, requests: {} } },
      { refused, objectLock: false },
    );
    expect(warnings.join('\n')).toMatch(/b2 .*counts for nothing: another key/);
    expect(warnings.join('\n')).toMatch(/no object is protected/);
    expect(warnings.join('\n')).toMatch(/requests\.put, requests\.get, transferPerGB, storage\.STANDARD/);
    expect([data.protect, irreversible]).toEqual([false, []]);
  });
});

test('a source is selected by itself, by what it is a part of, and by nothing that only begins like it', () => {
  const selected = (selector: string, name: string) => isSelected([selector], name);
  expect(selected('clickhouse', 'clickhouse/a/db.t/1')).toBe(true);
  expect(selected('clickhouse/a', 'clickhouse/ab/db.t/1')).toBe(false);
  expect(selected('clickhouse/a/db.t', 'schema/a')).toBe(true);
  expect(selected('clickhouse/a/db.t', 'clickhouse/a/db.t2/1')).toBe(false);
  expect(selected('redis/s', 'redis/s2')).toBe(false);
  expect(isSelected(undefined, 'platform-file')).toBe(true);
});

test('what a backup costs is its requests, its way out and its place, each by its own price', () => {
  const prices = {
    currency: 'USD',
    storage: { GLACIER: 0.004 },
    requests: { put: 0.05, get: 0.001 },
    transferPerGB: 0.01,
  };
  const cost = backupCost(prices, { objects: 2_000, bytes: 50e9, retentionMs: 60 * day, storageClass: 'GLACIER' });
  expect(cost.once).toBeCloseTo(2 * (0.05 + 0.002) + 0.5);
  expect(cost.kept).toBeCloseTo(cost.once + 2 * 0.2);
  expect(cost.unknown).toEqual([]);
});
