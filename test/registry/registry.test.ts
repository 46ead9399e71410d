import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isErrorCode } from '../../src/errors/index.ts';
import { entries, fieldsOf, validateInput } from '../../src/registry/index.ts';
import type { Kind } from '../../src/runs/index.ts';
import { kinds, runId } from '../../src/runs/index.ts';

const root = new URL('../../', import.meta.url);

describe.each(Object.keys(kinds) as Kind[])('%s', (kind) => {
  const entry = entries[kind];

  it('has an entry that agrees with src/runs/kinds.ts', () => {
    const { targetFields } = kinds[kind];
    expect(entry.kind).toBe(kind);
    expect(fieldsOf(kind)).toEqual(expect.arrayContaining([...targetFields]));
  });

  it('has an example that its schema accepts and an id is built from', () => {
    expect(validateInput(kind, entry.example)).toEqual([]);
    expect(runId(kind, entry.example)).toMatchObject({ ok: true });
  });

  it('has a docs page with that example to paste, naming every field', () => {
    expect(existsSync(new URL(entry.docs, root))).toBe(true);
    const page = readFileSync(new URL(entry.docs, root), 'utf8');
    const pasted = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => JSON.parse(text ?? '') as unknown);
    expect(pasted).toContainEqual(entry.example);
    expect(fieldsOf(kind).filter((field) => !page.includes(`\`${field}\``))).toEqual([]);
  });

  it('has a docs page that names only errors that there are', () => {
    const page = readFileSync(new URL(entry.docs, root), 'utf8');
    const codes = [...page.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code]) => code);
    // The storage classes of S3 are written like codes.
    const classes = ['STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR', 'DEEP_ARCHIVE'];
    expect(codes.filter((code) => !isErrorCode(code) && !classes.includes(code ?? ''))).toEqual([]);
  });

  it('has options that set fields which the schema knows', () => {
    expect(entry.options.filter(({ field }) => !fieldsOf(kind).includes(field))).toEqual([]);
  });
});

describe('validateInput', () => {
  it('names the place of every problem at once', () => {
    const problems = validateInput('redis.switchover', { to: 7, procedure: 'slow', colour: 'red', size: 1 });
    expect(problems.map(({ place }) => place)).toEqual(['group', 'to', 'procedure', 'colour', 'size']);
    expect(problems[0]?.message).toBe('group: is missing');
    expect(problems.every(({ code, hint }) => code === 'INVALID_INPUT' && hint.length > 0)).toBe(true);
  });

  it.each([[null], ['text'], [[]], [undefined]])('answers for %j instead of throwing', (input) => {
    expect(validateInput('redis.switchover', input)).toMatchObject([{ code: 'INVALID_INPUT', place: '(input)' }]);
  });

  it('refuses a field that is there without a value', () => {
    expect(validateInput('redis.switchover', { group: 'a', reason: '' })).toMatchObject([{ place: 'reason' }]);
  });

  it('takes the same names as the id builder', () => {
    for (const group of ['a', 'A-1_b.c', '-a', 'a b', '', 'x'.repeat(63), 'x'.repeat(64), 'ä', 'a\n']) {
      const accepted = validateInput('redis.switchover', { group }).length === 0;
      expect([group, accepted]).toEqual([group, runId('redis.switchover', { group }).ok]);
    }
  });
});
