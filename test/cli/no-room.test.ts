import { describe, expect, it } from 'vitest';
import { changeLines } from '../../src/cli/render/changes.ts';
import { runLines } from '../../src/cli/render/report.ts';
import { treeLines } from '../../src/cli/render/tree.ts';
import { handingOver, now, prepared, report, status } from './statuses.ts';

const plain = { color: false, width: 200, now };

describe('what a status has no room for', () => {
  const stored = { uri: 'file:///srv/evidence/sha256/ab/abcd', sha256: 'ab'.repeat(32), bytes: 307_200, count: 1 };
  const kept = { kept: 'stored' as const, stored, excerpt: { on: true, rows: ['a-0', '… 3071 more'] } };

  it('is shown by its size, where it is and how it begins', () => {
    const lines = runLines(status({ steps: [{ ...prepared, after: kept }] }), undefined, plain);
    expect(lines.find((line) => line.includes('307 kB'))).toContain(
      '(307 kB at file:///srv/evidence/sha256/ab/abcd; it begins {"on":true,"rows":["a-0","… 3071 more"]})',
    );
  });

  it('is counted, and a report says where all of it is', () => {
    expect(treeLines(status({ stepsBefore: 4_800 }), plain)[1]).toBe('├─ · 4800 earlier steps');
    const pages = [{ ...stored, count: 40 }];
    const lines = runLines(status({ state: 'done' }), report({ pages, stepsBefore: 20 }), plain);
    expect(lines).toContain(`  40 steps: ${stored.uri}`);
  });

  it('does not make steps news that were shown before', () => {
    const before = status({ steps: [prepared, { ...prepared, title: 'second' }] });
    const now = status({ steps: [{ ...prepared, title: 'second' }, handingOver], stepsBefore: 1 });
    expect(changeLines(before, now)).toEqual([expect.stringContaining('hand over: running')]);
  });

  it('a worker that is waited for is named', () => {
    const waiting = { domain: 'redis', title: 'hand over', since: '2026-03-01T10:00:05.000Z' };
    const words = /waits for a worker of redis.*"hand over"/;
    expect(treeLines(status({ waiting }), plain).at(-1)).toMatch(words);
    expect(changeLines(status(), status({ waiting }))).toEqual([expect.stringMatching(words)]);
  });
});
