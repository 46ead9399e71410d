import { expect, test } from 'vitest';
import type { StepRecord, TroubleRecord } from '../../src/runs/index.ts';
import { boundActions, boundPlan, boundSteps, boundTrouble, excerptOf, jsonBytes } from '../../src/runs/index.ts';
import { plan } from '../cli/statuses.ts';

const kib = 1024;

const many = (count: number, evidence: (at: number) => object = () => ({})): StepRecord[] =>
  Array.from({ length: count }, (_, at) => ({
    title: `turn on switch ${at}`,
    step: 'redis.turn-on',
    state: 'done',
    changed: true,
    summary: 'it is on',
    ...evidence(at),
  }));

test('all steps with all of their evidence are shown where they fit', () => {
  const steps = many(20, (at) => ({ before: { at }, after: { at } }));
  expect(boundSteps(steps, 96 * kib)).toEqual({ steps });
});

test('of thousands of steps the newest are shown, and how many are before them', () => {
  const steps = many(5_000, (at) => ({ before: { at }, after: { at, rows: 'x'.repeat(5_000) } }));
  const shown = boundSteps(steps, 96 * kib);
  expect(jsonBytes(shown.steps)).toBeLessThanOrEqual(96 * kib);
  expect(shown.steps.at(-1)?.title).toBe('turn on switch 4999');
  expect((shown.stepsBefore ?? 0) + shown.steps.length).toBe(5_000);
});

test('evidence goes before steps do, the oldest first', () => {
  const steps = many(50, (at) => ({ after: { at, rows: 'x'.repeat(4_000) } }));
  const shown = boundSteps(steps, 96 * kib);
  expect(shown.stepsBefore).toBeUndefined();
  expect(shown.evidenceLeftOut).toBeGreaterThan(0);
  expect(shown.steps[0]?.after).toBeUndefined();
  expect(shown.steps.at(-1)?.after).toMatchObject({ at: 49 });
  expect(jsonBytes(shown.steps)).toBeLessThanOrEqual(96 * kib);
});

test('a trouble with thousands of problems and megabytes of evidence fits, and counts what is left out', () => {
  const trouble: TroubleRecord = {
    code: 'INVALID_INPUT',
    message: 'm'.repeat(100_000),
    hint: 'Look.',
    problems: Array.from({ length: 3_000 }, (_, at) => ({ code: 'X', message: `${at} `.repeat(200), hint: 'Look.' })),
    evidence: { nodes: Array.from({ length: 100_000 }, (_, at) => ({ at })) },
  };
  const bound = boundTrouble(trouble);
  expect(jsonBytes(bound)).toBeLessThan(48 * kib);
  expect(bound.problems.at(-1)?.message).toBe('and 2970 more problems');
  const few = { ...trouble, message: 'short', problems: trouble.problems.slice(0, 1), evidence: { a: 1 } };
  expect(boundTrouble(few).evidence).toEqual({ a: 1 });
});

test('a plan of 50,000 moves is shown in 64 KiB, with its hash and how many more there are', () => {
  const actions = Array.from({ length: 50_000 }, (_, at) => ({
    step: 'clickhouse.move',
    what: `move 2026010${at} from shard-1 to shard-2`,
    reversible: true,
  }));
  const bound = boundPlan({ ...plan, actions, irreversible: actions.map(({ what }) => what) }, 64 * kib);
  expect(jsonBytes(bound)).toBeLessThanOrEqual(64 * kib);
  expect(bound.hash).toBe(plan.hash);
  expect(bound.actions.at(-1)?.what).toBe('and 49940 more');
  expect(boundPlan(plan, 64 * kib)).toBe(plan);
});

test('words of people are cut, and only the newest of their actions shown', () => {
  const actions = Array.from({ length: 2_000 }, (_, at) => ({
    at: '2026-01-01T00:00:00.000Z',
    action: `pause ${at}`,
    by: 'ada',
    reason: 'r'.repeat(10_000),
  }));
  const bound = boundActions(actions);
  expect(bound.at(-1)?.action).toBe('pause 1999');
  expect(jsonBytes(bound)).toBeLessThan(64 * kib);
});

test.each([
  ['nested without end', Array.from({ length: 40 }).reduce<unknown>((held) => ({ held, also: [held, held] }), 1)],
  ['a long text', 'é'.repeat(1_000_000)],
  ['many long names', Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`${'k'.repeat(500)}${at}`, at]))],
  ['many rows', Array.from({ length: 50_000 }, (_, at) => ({ at, text: 'x'.repeat(300) }))],
])('an excerpt is never larger than 2 KiB: %s', (_name, value) => {
  expect(jsonBytes(excerptOf(value))).toBeLessThanOrEqual(2 * kib);
});

test('bytes of JSON are counted as UTF-8 is', () => {
  for (const text of ['abc', 'é', '€', '😀', 'a😀é€', '\u{d800}'])
    expect(jsonBytes(text)).toBe(Buffer.byteLength(JSON.stringify(text)));
});
