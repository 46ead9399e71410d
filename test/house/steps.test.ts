import { expect, test } from 'vitest';
import { archiveDefinitions } from '../../activities/archive/index.ts';
import { clickhouseDefinitions } from '../../activities/clickhouse/index.ts';
import { hostDefinitions } from '../../activities/host/index.ts';
import { regionDefinitions } from '../../activities/region/index.ts';
import { redisDefinitions } from '../../activities/redis/index.ts';
import type { Kind, KindDefinition } from '../../src/runs/index.ts';
import { activityName, domainOf, kinds, nameOf, verbOf } from '../../src/runs/index.ts';

// The types hold each procedure's table to the steps that src/runs declares of it. What they can't see is the name in the
// definition itself, which reports carry.
const all = Object.entries({
  ...redisDefinitions,
  ...clickhouseDefinitions,
  ...hostDefinitions,
  ...archiveDefinitions,
  ...regionDefinitions,
});

test('every step is served under the name that it reports', () => {
  for (const [activity, definition] of all) {
    const { kind } = definition as { kind?: Kind };
    const name = kind ? `${domainOf(kind)}.plan-${verbOf(kind)}` : (definition as { name: string }).name;
    expect(activityName(name)).toBe(activity);
  }
});

test('every kind has a plan, and every step of its table a definition', () => {
  const served = new Set(all.map(([activity]) => activity));
  for (const kind of Object.keys(kinds) as Kind[]) {
    const domain = domainOf(kind);
    const steps = kinds[kind].steps.map((step) => `${domain}.${step}`).filter((step) => !Object.hasOwn(kinds, step));
    const { gates = [] }: KindDefinition = kinds[kind];
    for (const step of [`${domain}.plan-${verbOf(kind)}`, ...steps, ...gates])
      expect(served).toContain(activityName(step));
  }
});

test('a step, its activity and its reference in a workflow name each other', () => {
  for (const kind of Object.keys(kinds) as Kind[]) {
    for (const step of kinds[kind].steps) {
      const activity = activityName(`${domainOf(kind)}.${step}`);
      const reference = activity.slice(domainOf(kind).length);
      expect(nameOf(domainOf(kind), reference.charAt(0).toLowerCase() + reference.slice(1))).toBe(
        `${domainOf(kind)}.${step}`,
      );
    }
  }
});
