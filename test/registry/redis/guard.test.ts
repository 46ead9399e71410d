import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isErrorCode } from '../../../src/errors/index.ts';
import { redisGuard, validateGuardInput } from '../../../src/registry/index.ts';
import { guardId } from '../../../src/runs/index.ts';

const page = new URL(`../../../${redisGuard.docs}`, import.meta.url);
const text = existsSync(page) ? readFileSync(page, 'utf8') : '';

it('has an example that its schema accepts and an id is built from, on its docs page to paste', () => {
  expect(validateGuardInput(redisGuard.example)).toEqual([]);
  expect(guardId(redisGuard.example)).toMatchObject({ ok: true });
  const pasted = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => JSON.parse(json ?? '') as unknown);
  expect(pasted).toContainEqual(redisGuard.example);
});

it('names every field, and only errors that there are, on its docs page', () => {
  for (const field of ['group', 'mode', 'requestedBy', 'reason']) expect(text).toContain(`\`${field}\``);
  const codes = [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code]) => code);
  expect(codes.filter((code) => !isErrorCode(code))).toEqual([]);
});

it('refuses with every problem at once', () => {
  const problems = validateGuardInput({ group: 'a b', mode: 'panic', dryRun: true });
  expect(problems.map(({ place }) => place).sort()).toEqual(['dryRun', 'group', 'mode']);
  expect(problems.find(({ place }) => place === 'dryRun')?.message).toContain('redis.guard takes group, mode');
});
