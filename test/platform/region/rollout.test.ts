import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GantryError } from '../../../src/errors/index.ts';
import { contains, overlaps, parseCidr, parsePlatform, rolloutRegion } from '../../../src/platform/index.ts';

const file = 'platform.example.yaml';
const text = readFileSync(file, 'utf8');
const { platform } = parsePlatform(text, file);

/** The problems of the example with one text in place of another, each with its place. */
function problemsWith(from: string, to: string): string[] {
  expect(text).toContain(from);
  try {
    parsePlatform(text.replace(from, to), file);
    return [];
  } catch (error) {
    if (error instanceof GantryError) return error.problems.map(({ place, message }) => `${place ?? ''} ${message}`);
    throw error;
  }
}

/** `file:line:column` of a text of the example, as problems name it. */
function placeOf(needle: string): string {
  const before = text.slice(0, text.indexOf(needle));
  return `${file}:${before.split('\n').length}:${before.length - before.lastIndexOf('\n')}`;
}

describe('the rollout of the example', () => {
  it('has the three regions of the seed with 3, 2 and 1 zones, each with the six segments', () => {
    const { regions } = platform.rollout;
    expect(Object.entries(regions).map(([name, { zones }]) => [name, Object.keys(zones).length])).toEqual([
      ['us-east-1', 3],
      ['eu-west-1', 2],
      ['ap-southeast-1', 1],
    ]);
    for (const { zones } of Object.values(regions))
      for (const segments of Object.values(zones))
        expect(Object.keys(segments).sort()).toEqual(['app', 'compute', 'data', 'dmz', 'management', 'public']);
  });

  it('leaves what runs on hosts out of the region that has none', () => {
    const there = Object.entries(platform.rollout.components)
      .filter(([, { regions }]) => regions && !regions.includes('ap-southeast-1'))
      .map(([name]) => name);
    expect(there).toEqual(['mesh-routes', 'vm-hosts', 'assetmanagerd', 'metald']);
  });
});

describe('what is wrong with a rollout is told with its place', () => {
  it('a subnet outside its region', () => {
    const [problem, ...more] = problemsWith('data: 10.20.20.0/24', 'data: 10.21.20.0/24');
    expect(more).toEqual([]);
    expect(problem).toContain('10.21.20.0/24 is not in 10.20.0.0/16 of us-east-1');
    expect(problem).toContain(placeOf('10.20.20.0/24'));
  });

  it('two subnets, two regions, a region and a reserved range that share addresses', () => {
    expect(problemsWith('data: 10.20.20.0/24', 'data: 10.20.19.0/24')).toEqual([
      expect.stringContaining('10.20.19.0/24 overlaps 10.20.18.0/23 of app of us-east-1a'),
    ]);
    const regions = problemsWith('cidr: 10.24.0.0/16', 'cidr: 10.20.0.0/16').filter((one) => one.includes('overlaps'));
    expect(regions).toEqual([expect.stringContaining('10.20.0.0/16 overlaps 10.20.0.0/16 of the region us-east-1')]);
    expect(problemsWith('vm-bridges: 172.31.0.0/19', 'vm-bridges: 10.0.0.0/8')).toHaveLength(3);
  });

  it('a range with bits beyond its prefix, and one that AWS does not take', () => {
    expect(problemsWith('cidr: 10.28.0.0/16', 'cidr: 10.28.1.0/16').join()).toContain('bits beyond its prefix');
    expect(problemsWith('cidr: 10.28.0.0/16', 'cidr: 10.0.0.0/8').join()).toContain('/16 to /28');
  });

  it('a zone without addresses, and a segment without them', () => {
    const line = text.split('\n').find((one) => one.trim().startsWith('eu-west-1b: { public')) ?? '';
    expect(problemsWith(`${line}\n`, '')).toEqual([expect.stringContaining('the zone eu-west-1b has no addresses')]);
    expect(problemsWith(', management: 10.28.21.0/24', '')).toEqual([
      expect.stringContaining('the segment management has no addresses in ap-southeast-1a'),
    ]);
  });

  it('a dependency that there is not, one that the region lacks, one of a later wave', () => {
    expect(problemsWith('after: [kafka, schema-registry, clickhouse]', 'after: [kafka, pulsar]')).toEqual([
      expect.stringContaining('no component is called pulsar'),
    ]);
    expect(problemsWith('after: [consul, redis, billaged, builderd]', 'after: [metald]')).toEqual([
      expect.stringContaining('metald is not in ap-southeast-1'),
    ]);
    expect(problemsWith('wave: 2, after: [kafka]', 'wave: 2, after: [kafka, gatewayd]')).toEqual([
      expect.stringContaining('gatewayd is of wave 4, later than 2'),
    ]);
  });

  it('a cycle, with the way around', () => {
    expect(
      problemsWith('manifest: thanos.yaml, after: [prometheus]', 'manifest: thanos.yaml, after: [grafana]'),
    ).toEqual([expect.stringContaining('a cycle: thanos → grafana → thanos')]);
  });

  it('a flow without ports, an entry to what there is not', () => {
    const flow = '{ from: data, source: caches, to: data, target: caches, ports: [6379, 26379] }';
    expect(problemsWith(flow, '{ from: data, source: caches, to: data, target: caches }')).toEqual([
      expect.stringContaining('the flow from caches to caches names no ports'),
    ]);
    expect(problemsWith('{ to: dmz, target: bastions, sources', '{ to: dmz, target: jumphosts, sources')).toEqual([
      expect.stringContaining('segment dmz has no member jumphosts'),
    ]);
  });

  it('an image that is not pinned by a digest', () => {
    expect(problemsWith('images: {}', 'images: { gatewayd: "unkey/gatewayd:latest" }').join()).toContain('pinned');
  });
});

it('a region that the file does not have is refused with those that it has', () => {
  expect(() => rolloutRegion(platform, 'mars-1')).toThrow(/known: us-east-1, eu-west-1, ap-southeast-1/);
});

describe('ranges of addresses', () => {
  const at = (one: string) => parseCidr(one) ?? { first: -1, count: 0 };
  it.each([
    ['10.0.0.0/8', '10.255.255.0/24', true, true],
    ['10.0.0.0/24', '10.0.1.0/24', false, false],
    ['10.0.0.0/25', '10.0.0.0/24', true, false],
  ])('%s and %s: share addresses %s, the first contains the second %s', (a, b, shared, whole) => {
    expect(overlaps(at(a), at(b))).toBe(shared);
    expect(contains(at(a), at(b))).toBe(whole);
  });

  it.each(['10.0.0.1/24', '10.0.0.0', '10.0.0.0/33', '256.0.0.0/8', 'x'])('%s is none', (one) => {
    expect(parseCidr(one)).toBeUndefined();
  });
});
