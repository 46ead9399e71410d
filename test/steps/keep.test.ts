import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { folderPayloads } from '../../src/drivers/payloads/folder-store.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { RunReport } from '../../src/runs/index.ts';
import { isStored, jsonBytes, payloadLimits } from '../../src/runs/index.ts';
import { keepAfterwards, keepAnswer, keepEvidence, readBack } from '../../src/steps/keep.ts';
import { wholeReport } from '../../src/steps/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'gantry-payloads-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const store = folderPayloads(folder);
const rows = (count: number): string[] => Array.from({ length: count }, (_, at) => `row ${at}`.padEnd(96, '.'));
const codeOf = (error: unknown): string | undefined => (error instanceof GantryError ? error.code : undefined);

describe('the payload store', () => {
  test('gives back what was put, whole and chunk by chunk, and stores the same content once', async () => {
    const content = JSON.stringify(rows(10_000));
    const stored = await store.put(content, 10_000);
    expect(stored).toMatchObject({ count: 10_000, bytes: Buffer.byteLength(content) });
    expect(await store.get(stored)).toBe(content);
    let bytes = 0;
    let chunks = 0;
    for await (const chunk of store.read(stored)) {
      bytes += chunk.byteLength;
      chunks += 1;
    }
    expect(bytes).toBe(stored.bytes);
    expect(chunks).toBeGreaterThan(1);
    const streamed = await store.put(
      (async function* () {
        for (let at = 0; at < content.length; at += 7_000) yield content.slice(at, at + 7_000);
      })(),
    );
    expect(streamed.sha256).toBe(stored.sha256);
    expect(readdirSync(join(folder, 'drafts'))).toEqual([]);
  });

  test('what is gone, and what is another content than was written, is an error of the catalogue', async () => {
    const stored = await store.put('precious');
    writeFileSync(fileURLToPath(stored.uri), 'preciouz');
    expect(await store.get(stored).catch(codeOf)).toBe('PAYLOAD_DAMAGED');
    expect((await store.put('precious')).sha256).toBe(stored.sha256);
    expect(await store.get(stored)).toBe('precious');
    rmSync(fileURLToPath(stored.uri));
    expect(await store.get(stored).catch(codeOf)).toBe('PAYLOAD_MISSING');
    expect(await store.get({ ...stored, sha256: '../../etc/passwd' }).catch(codeOf)).toBe('PAYLOAD_MISSING');
  });

  test('a store that cannot be written says so', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    expect(await folderPayloads(file).put('x').catch(codeOf)).toBe('PAYLOAD_UNWRITABLE');
  });
});

describe('what a step found', () => {
  test('stays as it is up to 16 KiB, and is a reference with its beginning above', async () => {
    const small = { rows: rows(100) };
    expect(await keepEvidence(store, small)).toBe(small);
    const large = { rows: rows(200) };
    const kept = await keepEvidence(store, large);
    if (!isStored(kept)) throw new Error('it is not stored');
    expect(jsonBytes(kept)).toBeLessThan(3 * 1024);
    expect(kept.excerpt).toMatchObject({ rows: { 0: expect.stringMatching(/^row 0/) as string } });
    expect(await readBack(store, { deep: [{ kept }] })).toEqual({ deep: [{ kept: large }] });
  });

  test('as an answer keeps its small fields; its large ones are read back where they are handed on', async () => {
    const answer = { same: true, parts: rows(4_000), digest: 'abc', few: rows(3) };
    const kept = await keepAnswer(store, answer);
    expect(kept).toMatchObject({ same: true, digest: 'abc', few: rows(3) });
    expect(isStored(kept.parts)).toBe(true);
    expect(jsonBytes(kept)).toBeLessThanOrEqual(payloadLimits.answer);
    expect(await readBack(store, kept)).toEqual(answer);
    const list = await keepAnswer(store, rows(4_000));
    expect(await readBack(store, list)).toEqual(rows(4_000));
  });

  test('after an act is an excerpt that says why it could not be stored: the act is not failed for it', async () => {
    const broken = { ...store, put: () => Promise.reject(new GantryError('PAYLOAD_UNWRITABLE', 'disk full')) };
    await expect(keepEvidence(broken, rows(200))).rejects.toThrow('disk full');
    expect(await keepAfterwards(broken, rows(200))).toMatchObject({
      kept: 'excerpt',
      problem: 'PAYLOAD_UNWRITABLE: disk full',
    });
  });
});

test('a report is made whole again out of its pages, with all that they refer to', async () => {
  const step = { title: 'a', step: 's', state: 'done' as const, changed: true };
  const after = await keepEvidence(store, { rows: rows(300) });
  const page = await store.put<readonly []>(
    JSON.stringify([
      { ...step, after },
      { ...step, title: 'b' },
    ]),
    2,
  );
  const short = { outcome: 'done', steps: [{ ...step, title: 'b' }], stepsBefore: 1, pages: [page] };
  // Reading the pages looks at nothing but the steps.
  const whole = await wholeReport(store, short as unknown as RunReport);
  expect(whole.steps).toEqual([
    { ...step, after: { rows: rows(300) } },
    { ...step, title: 'b' },
  ]);
  expect(whole).not.toHaveProperty('stepsBefore');
});

test('evidence that is gone hinders nobody who does not need it', async () => {
  const gone = { kept: 'stored', stored: { uri: '', sha256: '0'.repeat(64), bytes: 1, count: 1 }, excerpt: null };
  const steps = [
    { title: 'copy', step: 'clickhouse.copy', after: gone },
    { title: 'prove', step: 'clickhouse.prove-move', after: await keepEvidence(store, rows(300)) },
  ];
  const report = { outcome: 'done', steps } as unknown as RunReport;
  const whole = await wholeReport(store, report, 'clickhouse.prove-move');
  expect(whole.steps).toEqual([steps[0], { ...steps[1], after: rows(300) }]);
  expect(await wholeReport(store, report).catch(codeOf)).toBe('PAYLOAD_MISSING');
});
