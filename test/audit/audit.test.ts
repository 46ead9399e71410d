import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { AuditLine, AuditVerdict } from '../../src/audit/index.ts';
import { auditFolder, folderAudit, readAudit, verifyAudit } from '../../src/audit/index.ts';
import { hashOf, lineAfter } from '../../src/audit/line.ts';

const root = mkdtempSync(join(tmpdir(), 'gantry-audit-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const newFolder = (): string => auditFolder(join(root, String((folders += 1))));
const entry = (by: string) => ({ by, act: 'start', outcome: 'done', via: 'api' }) as const;
const brief = ({ findings }: AuditVerdict) => findings.map(({ what, line }) => `${what} ${line}`);

/** Every file of an audit with its lines. */
function filesOf(folder: string): { path: string; lines: string[] }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => join(folder, name))
    .map((path) => ({ path, lines: readFileSync(path, 'utf8').trimEnd().split('\n') }));
}

/** An audit of nine lines in one file, as a folder whose lines can be written over. */
async function nine(): Promise<{ folder: string; lines: AuditLine[]; put: (lines: readonly AuditLine[]) => void }> {
  const folder = newFolder();
  const log = folderAudit(folder);
  // The first is written alone; those that come meanwhile share a file.
  await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((by) => log.append(entry(by))));
  const [first, second] = filesOf(folder);
  if (!first || !second) throw new Error('two files were expected');
  const lines = [...first.lines, ...second.lines].map((line) => JSON.parse(line) as AuditLine);
  const put = (changed: readonly AuditLine[]): void => {
    rmSync(second.path, { force: true });
    writeFileSync(first.path, changed.map((line) => `${JSON.stringify(line)}\n`).join(''));
  };
  return { folder, lines, put };
}

describe('an audit', () => {
  test('that several processes write at the same time is one chain with every line once', async () => {
    const folder = newFolder();
    const writers = [folderAudit(folder), folderAudit(folder), folderAudit(folder)];
    await Promise.all(
      Array.from({ length: 90 }, (_, at) => (writers[at % 3] ?? folderAudit(folder)).append(entry(`person-${at}`))),
    );
    const verdict = await verifyAudit(folder);
    expect(verdict).toMatchObject({ lines: 90, findings: [], head: { seq: 90 } });
    const who = (await readAudit(folder, () => true, 1_000)).map(({ by }) => by);
    expect(new Set(who).size).toBe(90);
    expect(readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('draft'))).toEqual(
      [],
    );
  });

  test('goes on where the process before it ended', async () => {
    const folder = newFolder();
    await folderAudit(folder).append(entry('ann'));
    await folderAudit(folder).append(entry('bob'));
    expect(await verifyAudit(folder)).toMatchObject({ lines: 2, findings: [] });
  });

  test('that was never written is whole, and has no line', async () => {
    expect(await verifyAudit(newFolder())).toMatchObject({ lines: 0, findings: [] });
  });

  test('that cannot be written says so, and writes again once it can', async () => {
    const folder = newFolder();
    writeFileSync(join(root, 'in-the-way'), '');
    const log = folderAudit(join(root, 'in-the-way', 'audit'));
    await expect(log.append(entry('ann'))).rejects.toMatchObject({
      code: expect.stringMatching(/^AUDIT_UN/) as string,
    });
    rmSync(join(root, 'in-the-way'));
    await log.append(entry('ann'));
    expect(await verifyAudit(join(root, 'in-the-way', 'audit'))).toMatchObject({ lines: 1, findings: [] });
    expect(await verifyAudit(folder)).toMatchObject({ lines: 0 });
  });
});

describe('verify says which line', () => {
  const at = (lines: readonly AuditLine[], seq: number): AuditLine => {
    const line = lines[seq - 1];
    if (!line) throw new Error(`no line ${seq}`);
    return line;
  };

  test('was changed', async () => {
    const { folder, lines, put } = await nine();
    put(lines.map((line) => (line.seq === 4 ? { ...line, by: 'another person' } : line)));
    expect(brief(await verifyAudit(folder))).toEqual(['changed 4']);
  });

  test('was changed and given a hash that holds', async () => {
    const { folder, lines, put } = await nine();
    const forged = { ...at(lines, 4), by: 'another person' };
    put(lines.map((line) => (line.seq === 4 ? { ...forged, hash: hashOf(forged) } : line)));
    expect(brief(await verifyAudit(folder))).toEqual(['replaced 4']);
  });

  test('was removed', async () => {
    const { folder, lines, put } = await nine();
    put(lines.filter(({ seq }) => seq !== 1 && seq !== 6));
    expect(brief(await verifyAudit(folder))).toEqual(['removed 1', 'removed 6']);
  });

  test('was moved', async () => {
    const { folder, lines, put } = await nine();
    put([...lines.slice(0, 2), at(lines, 5), at(lines, 3), at(lines, 4), ...lines.slice(5)]);
    expect(brief(await verifyAudit(folder))).toEqual(['moved 3', 'moved 4']);
  });

  test('is there twice, or is no line at all', async () => {
    const { folder, lines, put } = await nine();
    put([...lines, at(lines, 9)]);
    expect(brief(await verifyAudit(folder))).toEqual(['twice 9']);
    put([...lines.slice(0, 8), { ...at(lines, 9), seq: 'nine' as never }]);
    expect(brief(await verifyAudit(folder))).toEqual(['unreadable 9']);
  });

  test('is missing at the end, or made again, by a head that was noted before', async () => {
    const { folder, lines, put } = await nine();
    const { head } = await verifyAudit(folder);
    expect(brief(await verifyAudit(folder, head))).toEqual([]);
    put(lines.slice(0, 7));
    expect(brief(await verifyAudit(folder))).toEqual([]);
    expect(brief(await verifyAudit(folder, head))).toEqual(['head 9']);
    const again: AuditLine[] = lines.slice(0, 7);
    for (const by of ['x', 'y']) again.push(lineAfter(at(again, again.length), entry(by), '2026-01-01T00:00:00.000Z'));
    put(again);
    expect(brief(await verifyAudit(folder))).toEqual([]);
    expect(brief(await verifyAudit(folder, head))).toEqual(['head 9']);
  });
});

test('what a second attempt wrote again is shown once', async () => {
  const folder = newFolder();
  const log = folderAudit(folder);
  await log.append({ ...entry('ann'), id: 'run/1' });
  await log.append({ ...entry('ann'), id: 'run/1' });
  await log.append({ ...entry('bob'), id: 'run/2' });
  expect((await readAudit(folder, () => true, 10)).map(({ by }) => by)).toEqual(['ann', 'bob']);
  expect((await readAudit(folder, () => true, 1)).map(({ by }) => by)).toEqual(['bob']);
});
