import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Platform } from '../../src/platform/index.ts';
import { parsePlatform, platformDigests } from '../../src/platform/index.ts';

const path = 'platform.example.yaml';
const example = parsePlatform(readFileSync(path, 'utf8'), path).platform;

type Path = readonly (string | number)[];

/** Where every number, text and flag of a value stands. */
function leaves(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([key, held]) =>
    leaves(held, [...at, Array.isArray(value) ? Number(key) : key]),
  );
}

/** A copy with another value at one place. By way of text: defaults are one object in several places. */
function changedAt(platform: Platform, at: Path): Platform {
  const copy = JSON.parse(JSON.stringify(platform)) as Platform;
  // Any path of the file is walked, by names that no type knows.
  let holder = copy as unknown as Record<string | number, unknown>;
  for (const key of at.slice(0, -1)) holder = holder[key] as typeof holder;
  const last = at.at(-1) ?? '';
  holder[last] = typeof holder[last] === 'number' ? holder[last] + 1 : `${String(holder[last])}-changed`;
  return copy;
}

const group = Object.keys(example.redis.groups)[0] ?? '';
const cluster = Object.keys(example.clickhouse.clusters)[0] ?? '';
const { tables = {}, families = {} } = example.clickhouse.clusters[cluster] ?? {};
const inFamily = Object.values(families)[0]?.levels.map((level) => level.table) ?? [];
const table = inFamily[0] ?? '';
/** In no family. */
const alone = 'usage.events';
tables[alone] = structuredClone(tables[table]) as NonNullable<(typeof tables)[string]>;

const isIn = (at: Path, ...prefix: Path): boolean => prefix.every((part, index) => at[index] === part);

/** As often within what a run depends on as anywhere. */
const places = (depends: (at: Path) => boolean): fc.Arbitrary<Path>[] => [
  fc.constantFrom(...leaves(example)),
  fc.constantFrom(...leaves(example).filter(depends)),
];

/** What each run depends on, told another way than the code tells it. */
const runs: { kind: string; target: string; depends: (at: Path) => boolean }[] = [
  {
    kind: 'redis.switchover',
    target: group,
    depends: (at) => isIn(at, 'redis', 'groups', group) && at[3] !== 'guard',
  },
  { kind: 'clickhouse.add-shard', target: cluster, depends: (at) => isIn(at, 'clickhouse', 'clusters', cluster) },
  {
    kind: 'clickhouse.tier',
    target: `${cluster}/${table}`,
    depends: (at) =>
      isIn(at, 'clickhouse', 'clusters', cluster) &&
      (at[3] !== 'tables' || inFamily.includes(String(at[4]))) &&
      (at[3] !== 'families' || at[4] === Object.keys(families)[0]),
  },
  {
    kind: 'clickhouse.move',
    target: `${cluster}/${alone}/202601`,
    depends: (at) =>
      isIn(at, 'clickhouse', 'clusters', cluster) && (at[3] !== 'tables' || at[4] === alone) && at[3] !== 'families',
  },
];

describe('the digest of what a run depends on', () => {
  it('is tested with an example that has groups, tables in a family and tables in none', () => {
    expect(Object.keys(example.redis.groups).length).toBeGreaterThan(1);
    expect(Object.keys(tables)).toEqual(expect.arrayContaining([table, alone]));
    expect(runs.map(({ depends }) => leaves(example).filter(depends).length).every((count) => count > 5)).toBe(true);
  });

  it.each(runs)(
    'changes for $kind of $target with a change within it, and with no other',
    ({ kind, target, depends }) => {
      const before = platformDigests(example).digestOf(kind, target);
      fc.assert(
        fc.property(fc.oneof(...places(depends)), (at) => {
          const after = platformDigests(changedAt(example, at));
          expect([at, after.digestOf(kind, target) !== before]).toEqual([at, depends(at)]);
          expect(after.hasDigest(before)).toBe(!depends(at));
        }),
        { numRuns: 100 },
      );
    },
  );

  it.each(runs.map((one) => [one] as const))(
    'changes when something is added or taken away: %o',
    ({ kind, target }) => {
      const digests = platformDigests(example);
      const without = structuredClone(example);
      without.redis.groups = {};
      without.clickhouse.clusters = {};
      expect(platformDigests(without).digestOf(kind, target)).not.toBe(digests.digestOf(kind, target));
      expect(platformDigests(without).hasDigest(digests.digestOf(kind, target))).toBe(false);
    },
  );

  it('stays when a table is added that has nothing to do with the run', () => {
    const more = structuredClone(example);
    const held = more.clickhouse.clusters[cluster]?.tables;
    if (held) held['other.table'] = structuredClone(held[table] as (typeof held)[string]);
    const [before, after] = [example, more].map((one) => platformDigests(one));
    expect(after?.digestOf('clickhouse.tier', `${cluster}/${table}`)).toBe(
      before?.digestOf('clickhouse.tier', `${cluster}/${table}`),
    );
    expect(after?.digestOf('clickhouse.add-shard', cluster)).not.toBe(
      before?.digestOf('clickhouse.add-shard', cluster),
    );
  });

  it('is of a region that of the stores that stand in it too, but for their guards', () => {
    const of = (region: string) => platformDigests(example).digestOf('region.rollout', region);
    const stands = (at: Path, ...to: Path): boolean => isIn(at, ...to) && !at.includes('guard') && at[3] !== 'region';
    const ofStores = leaves(example).filter((at) => ['redis', 'clickhouse'].some((section) => stands(at, section)));
    fc.assert(
      fc.property(fc.constantFrom(...ofStores), (at) => {
        const after = platformDigests(changedAt(example, at));
        expect([at, after.digestOf('region.rollout', 'us-east-1')]).not.toEqual([at, of('us-east-1')]);
        expect([at, after.digestOf('region.rollout', 'eu-west-1')]).toEqual([at, of('eu-west-1')]);
      }),
      { numRuns: 100 },
    );
    const guarded = leaves(example).find((at) => at[0] === 'redis' && at[3] === 'guard') ?? [];
    expect(platformDigests(changedAt(example, guarded)).digestOf('region.rollout', 'us-east-1')).toBe(of('us-east-1'));
  });

  it('tells two targets with equal parts apart', () => {
    const twins = structuredClone(example);
    twins.redis.groups['twin'] = structuredClone(twins.redis.groups[group] as (typeof twins.redis.groups)[string]);
    const { digestOf } = platformDigests(twins);
    expect(digestOf('redis.switchover', 'twin')).not.toBe(digestOf('redis.switchover', group));
  });

  it('is one that the file has, for every kind over the same target alike', () => {
    const { digestOf, hasDigest } = platformDigests(example);
    expect(digestOf('redis.failover', group)).toBe(digestOf('redis.switchover', group));
    for (const { kind, target } of runs) expect(hasDigest(digestOf(kind, target))).toBe(true);
    expect(hasDigest(digestOf('redis.switchover', 'nobody'))).toBe(false);
  });
});
