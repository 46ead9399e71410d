import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import { GantryError } from '../../../src/errors/index.ts';
import type { RunReport, StepRecord, StoredEvidence } from '../../../src/runs/index.ts';
import { isStored, jsonBytes } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, useHarness } from './harness.ts';
import { brokenUntilMended, holdAt } from './world.ts';

const kib = 1024;

await describeWith(['temporal'], 'what is large', () => {
  const server = useTemporal();
  const use = useHarness(server, 'size');
  const { world, fresh, group } = use;
  const start = (steps: string[], more: object = {}): Promise<WorkflowHandle> =>
    use.harness.start({ group: group(), steps, ...more }, { type: 'heavy' });

  /** Bytes of the largest payload that went through Temporal. */
  async function largestPayload(handle: WorkflowHandle): Promise<number> {
    const { events } = await handle.fetchHistory();
    let most = 0;
    const walk = (value: unknown): void => {
      if (value instanceof Uint8Array) most = Math.max(most, value.byteLength);
      else if (Array.isArray(value)) value.forEach(walk);
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
    };
    walk(events);
    return most;
  }

  test('a run whose steps each find 300 KB ends done, with a report that refers to what is stored', async () => {
    fresh({ weigh: () => 300 * kib });
    const handle = await start(['a', 'b', 'c']);
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    for (const { before, after } of report.steps) {
      for (const evidence of [before, after]) {
        const { stored, excerpt } = evidence as StoredEvidence;
        expect(stored).toMatchObject({ count: 1, bytes: expect.any(Number) as number });
        expect(JSON.parse(await world.payloads.get(stored))).toMatchObject({ on: evidence === after });
        expect(jsonBytes(excerpt)).toBeLessThanOrEqual(2 * kib);
      }
    }
    expect(world.reports.at(-1)?.steps).toEqual(report.steps);
    expect(await largestPayload(handle)).toBeLessThan(256 * kib);
    // Each was given all rows of the one before it, though they never were in the history.
    const rows = 3 * 1024;
    expect(world.journal).toEqual([
      'on a, given 0 rows, the last none',
      `on b, given ${rows} rows, the last a-${rows - 1}......`,
      `on c, given ${rows} rows, the last b-${rows - 1}......`,
    ]);
  });

  test('an undo is given all of what was there before, out of the store', async () => {
    fresh({ weigh: () => 100 * kib });
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    const handle = await start(['a', 'b']);
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(world.journal.slice(2)).toEqual(['off b, as before with 1024 rows', 'off a, as before with 1024 rows']);
  });

  test('an undo whose evidence is gone parks and says so; with it back, a retry finishes it', async () => {
    fresh({ weigh: () => 100 * kib });
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    const handle = await start(['a', 'b']);
    await hold.reached;
    const kept = [...world.payloads.held];
    await use.harness.update(handle, 'abort', {});
    world.payloads.held.clear();
    hold.release();
    const { parked } = await use.harness.until(handle, 'parked');
    expect(parked?.trouble.code).toBe('UNDO_FAILED');
    expect(parked?.trouble.message).toContain('PAYLOAD_MISSING');
    for (const [sha256, content] of kept) world.payloads.held.set(sha256, content);
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
  });

  test('nothing is changed by a step whose evidence cannot be stored first', async () => {
    fresh({ weigh: () => 100 * kib });
    const { put } = world.payloads;
    world.payloads.put = () => Promise.reject(new Error('disk full'));
    const handle = await start(['a']);
    await use.harness.until(handle, 'parked');
    expect(world.journal).toEqual([]);
    world.payloads.put = put;
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('a body that looks into what was too large to come along ends, and undoes what it did', async () => {
    fresh({ weigh: () => 300 * kib });
    const handle = await start(['a'], { looks: true });
    const report = (await handle.result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'aborted', problem: { code: 'PAYLOAD_TOO_LARGE' } });
    expect(report.leftBehind).toEqual([]);
    expect(world.switches.get('a')).toBe(false);
  });

  test('a body that looks into what came along sees it, though the record only refers to it', async () => {
    fresh({ weigh: () => 100 * kib });
    const report = (await (await start(['a'], { looks: true })).result()) as RunReport;
    expect(report.measurements['rows']).toBe(1024);
    expect(report.steps.every(({ after }) => isStored(after))).toBe(true);
  });

  test('many steps that each fit: the report keeps the newest and refers to pages that have all; no answer outgrows', async () => {
    fresh({ weigh: () => 14 * kib });
    const names = Array.from({ length: 30 }, (_, at) => `s${at}`);
    const hold = holdAt('apply s29');
    world.hook = hold.hook;
    const handle = await start(names);
    await hold.reached;
    const status = await use.harness.status(handle);
    expect(jsonBytes(status)).toBeLessThan(256 * kib);
    expect(status.evidenceLeftOut).toBeGreaterThan(0);
    expect(status.steps.at(-1)?.title).toBe('turn on s29');
    const answer = await use.harness.update(handle, 'pause', {});
    expect(answer.plan).toBeUndefined();
    expect(answer.steps.filter(({ before, after }) => before !== undefined || after !== undefined)).toEqual([]);
    await use.harness.update(handle, 'resume', {});
    hold.release();
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(jsonBytes(report)).toBeLessThan(256 * kib);
    expect(report.evidenceLeftOut).toBeGreaterThan(0);
    expect(report.pages?.length).toBeGreaterThan(4);
    const pages = await Promise.all((report.pages ?? []).map((page) => world.payloads.get(page)));
    const all = pages.flatMap((page) => JSON.parse(page) as StepRecord[]);
    expect(all.map(({ title }) => title)).toEqual(names.map((name) => `turn on ${name}`));
    expect(all.every(({ after }) => (after as { rows: string[] }).rows.length === 144)).toBe(true);
    expect(report.pages?.reduce((sum, { count }) => sum + count, 0)).toBe(30);
    expect(await largestPayload(handle)).toBeLessThan(256 * kib);
  });

  test('a report whose pages cannot all be stored refers to none, and says why', async () => {
    fresh({ weigh: () => 14 * kib });
    const { put } = world.payloads;
    let stored = 0;
    world.payloads.put = (content, count) =>
      (stored += 1) > 2 ? Promise.reject(new GantryError('PAYLOAD_UNWRITABLE', 'disk full')) : put(content, count);
    const handle = await start(Array.from({ length: 30 }, (_, at) => `s${at}`));
    const report = (await handle.result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'done', publishProblem: { code: 'PUBLISH_FAILED' } });
    expect(report.evidenceLeftOut).toBeGreaterThan(0);
    expect(report.pages).toBeUndefined();
    expect(world.reports.at(-1)?.pages).toBeUndefined();
  });

  test('a failure with more evidence than fits parks with an excerpt and a reference', async () => {
    fresh();
    const broken = brokenUntilMended('apply a', 'REDIS_UNKNOWN_GROUP');
    world.hook = async (event, signal) => {
      try {
        await broken.hook(event, signal);
      } catch (error) {
        throw Object.assign(error as Error, {
          evidence: { nodes: Array.from({ length: 40_000 }, (_, at) => `node ${at}`) },
        });
      }
    };
    const handle = await start(['a']);
    const { parked } = await use.harness.until(handle, 'parked');
    expect(parked?.trouble.code).toBe('REDIS_UNKNOWN_GROUP');
    const all = parked?.trouble.evidence['all'] as StoredEvidence;
    expect(JSON.parse(await world.payloads.get(all.stored))).toMatchObject({ nodes: { length: 40_000 } });
    await use.harness.update(handle, 'abort', {});
    await handle.result();
    expect(await largestPayload(handle)).toBeLessThan(256 * kib);
  });

  test('an input that is too large is refused, with nothing done', async () => {
    fresh();
    const handle = await start(['a'], { reason: 'x'.repeat(400 * kib) });
    const error: unknown = await handle.result().catch((caught: unknown) => caught);
    expect(codeOf(error)).toBe('PAYLOAD_TOO_LARGE');
    expect(world.journal).toEqual([]);
  });
});
