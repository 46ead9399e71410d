import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { catalogue, GantryError, refusal, problem, toFailure, troubleOf } from '../../src/errors/index.ts';

test('every error says what it means and what to do next', () => {
  for (const [code, entry] of Object.entries(catalogue)) {
    expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/);
    expect(entry.meaning.length, code).toBeGreaterThan(20);
    expect(entry.hint.length, code).toBeGreaterThan(10);
  }
});

test('no code stands in two places: the later one would silently take the place of the other', async () => {
  const folder = new URL('../../src/errors/catalogue/', import.meta.url);
  const seen = new Map<string, string>();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )) {
    const part = (await import(new URL(file, folder).href)) as Record<string, Record<string, unknown>>;
    for (const code of Object.values(part).flatMap((one) => Object.keys(one))) {
      expect(seen.get(code), `${code} of ${file}`).toBeUndefined();
      seen.set(code, file);
    }
  }
  expect([...seen.keys()].sort()).toEqual(Object.keys(catalogue).sort());
});

test('a refusal carries every problem, and survives the way through Temporal', () => {
  const error = refusal([problem('INVALID_INPUT', 'first', 'a.b'), problem('REDIS_UNKNOWN_GROUP', 'second')], {
    seen: 1,
  });
  const trouble = troubleOf(toFailure(error));
  expect(trouble).toMatchObject({ code: 'INVALID_INPUT', evidence: { seen: 1 } });
  expect(trouble.problems.map((one) => [one.code, one.message, one.place])).toEqual([
    ['INVALID_INPUT', 'first', 'a.b'],
    ['REDIS_UNKNOWN_GROUP', 'second', undefined],
  ]);
});

test('an error that is not in the catalogue keeps its cause in words', () => {
  expect(troubleOf(new TypeError('x is not a function'))).toMatchObject({
    code: 'UNEXPECTED',
    message: 'TypeError: x is not a function',
  });
  expect(toFailure(new GantryError('INVALID_INPUT', 'no')).nonRetryable).toBe(true);
  expect(toFailure(new GantryError('UNEXPECTED', 'maybe')).nonRetryable).toBe(false);
});

test('all Temporal packages are of one version, and protobufjs of one that reads histories', () => {
  const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  const versions = ['client', 'worker', 'workflow', 'activity', 'common', 'testing'].map(
    (name) => lock.packages[`node_modules/@temporalio/${name}`]?.version,
  );
  expect(new Set(versions).size).toBe(1);
  expect(lock.packages['node_modules/protobufjs']?.version).toMatch(/^8\./);
});
