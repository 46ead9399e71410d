import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { archiveKeys } from '../../../src/runs/index.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import type { ArchiveWorld, TestTable } from '../../support/archive-world.ts';
import { archiveWorld, makeBackup } from '../../support/archive-world.ts';
import { describeWith } from '../../support/lab.ts';
import { totalOfRows } from '../../support/memory-tables.ts';
import { useTemporal } from '../../support/temporal.ts';
import { createWorld } from '../run/world.ts';
import type { ArchiveHarness } from './harness.ts';
import { startArchiveHarness } from './harness.ts';

const rows = (partition: string, from: number, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${partition}:${from + at}`);
const samples: TestTable[] = [
  { table: 'metrics.samples', shard: 1, partitions: { a: rows('a', 0, 50), b: rows('b', 0, 7) } },
  { table: 'metrics.samples', shard: 2, partitions: { a: rows('a', 100, 20) } },
];
const declared = [
  { name: 'billed', sum: 'amount', by: ['customer'] },
  { name: 'rows', by: [] },
];

await describeWith(['temporal'], 'a restore of a table with business totals, in memory', () => {
  const server = useTemporal();
  let harness: ArchiveHarness;
  const archive = {} as { now: ArchiveWorld };

  beforeAll(async () => {
    archive.now = archiveWorld();
    harness = await startArchiveHarness(server(), createWorld(), archive);
  });
  beforeEach(() => void (archive.now = archiveWorld()));
  afterAll(() => harness?.stop());

  const ends = async (handle: WorkflowHandle): Promise<RunReport> => (await handle.result()) as RunReport;

  test('compares business totals with the manifest, and the second approval shows them', async () => {
    await makeBackup(archive.now, samples, { totals: declared });
    const handle = await harness.start('all');
    const { plan, steps } = await harness.until(handle, 'awaiting-approval');
    // The values of 0 to 49, 0 to 6 and 100 to 119, over three partitions.
    const sum = (50 * 49) / 2 + 21 + 20 * 100 + 190;
    const facts = Object.fromEntries((plan?.facts ?? []).map(({ label, value }) => [label, value]));
    expect(facts).toMatchObject({
      'billed of metrics/metrics.samples': `${sum}, equal to the backup in 3 partitions`,
      'rows of metrics/metrics.samples': '77, equal to the backup in 3 partitions',
    });
    expect(steps.at(-1)?.summary).toContain(`totals equal: billed ${sum}, rows 77`);
    await harness.approve(handle);
    const report = await ends(handle);
    expect(report.outcome).toBe('done');
    expect(report.steps.find(({ step }) => step === 'archive.verify-staging')?.after).toMatchObject({
      totals: [
        { name: 'billed', value: String(sum), partitions: 3 },
        { name: 'rows', value: '77', partitions: 3 },
      ],
      withoutTotals: 0,
    });
  });

  test('a total that differs from the manifest keeps the rows from production, and names whose it is', async () => {
    // The digests of the rows are right: only what they should add up to is not.
    const forged = (of: readonly string[], { sum, by }: { sum?: string; by: readonly string[] }) =>
      totalOfRows(
        of.map((row) => (row === 'b:3' ? 'b:4' : row)),
        sum !== undefined,
        by.length > 0,
      );
    const id = await makeBackup(archive.now, samples, { totals: declared, totalOf: forged });
    const handle = await harness.start('all');
    const { parked } = await harness.until(handle, 'parked');
    expect(parked).toMatchObject({ title: 'verify metrics.samples', trouble: { code: 'ARCHIVE_ROWS_DIFFER' } });
    expect(parked?.trouble.message).toMatch(
      /partition b of .*_s1\.metrics\.samples: the total billed is 21 in 7 groups, the backup had 22 in 6 groups \(.*customer b:3: 3 instead of none/,
    );
    await harness.update(handle, 'abort', {});
    expect((await ends(handle)).outcome).toBe('aborted');
    expect(archive.now.production['s1r1']?.tables.get('metrics.samples')).toBeUndefined();
    // A drill says so of the backup itself.
    expect(await ends(await harness.start('all', {}, 'archiveDrill'))).toMatchObject({
      ...{ outcome: 'aborted', problem: { code: 'ARCHIVE_ROWS_DIFFER' }, measurements: { 'drill.passed': 0 } },
    });
    expect(archive.now.store.versionsOf(archiveKeys(archive.now.config.prefix).verdict(id))).toHaveLength(1);
  });
});
