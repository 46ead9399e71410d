import { allRegions } from '../../runs/index.ts';
import type { Finding, Match } from '../references.ts';
import { fields, matches } from '../references.ts';
import type { Cidr } from './cidr.ts';
import { contains, overlaps, parseCidr } from './cidr.ts';
import { edgeFindings } from './edge-relations.ts';
import { graphFindings } from './graph.ts';

type Range = { path: Finding['path']; text: string; range: Cidr; what: string };

/**
 * What the regions of a rollout must agree on: no address in two places, each zone with all the segments, flows with ports, a
 * graph of components that can be walked, and an edge that packets reach. Like `danglingNames` it bears malformed content.
 */
export function rolloutDisagreements(content: unknown): Finding[] {
  const regions = matches(content, ['rollout', 'regions', '*']);
  return [
    ...regions.flatMap((region) => zonesOf(content, region)),
    ...regions
      .filter(({ key }) => key === allRegions)
      .map(({ path }) => ({
        path,
        message: `no region can be called ${allRegions}: it is the name for all of them`,
        aboutKey: true as const,
      })),
    ...addresses(content, regions),
    ...(regions.length > 0 ? flowsWithoutPorts(content) : []),
    ...graphFindings(content),
    ...edgeFindings(content),
  ];
}

/** Its zones are those of the region, and each has every segment and no other. */
function zonesOf(content: unknown, { path, key: region }: Match): Finding[] {
  const known = matches(content, ['regions', region, 'zones', '*']).map(({ key }) => key);
  const segments = matches(content, ['network', 'segments', '*']).map(({ key }) => key);
  const zones = matches(content, ['rollout', 'regions', region, 'zones', '*']);
  const missing = known.filter((zone) => !zones.some(({ key }) => key === zone));
  return [
    ...missing.map((zone) => ({ path, message: `the zone ${zone} has no addresses`, aboutKey: true as const })),
    ...zones
      .filter(({ key }) => known.length > 0 && !known.includes(key))
      .map((zone) => ({
        path: zone.path,
        message: `${zone.key} is no zone of ${region}: ${known.join(', ')}`,
        aboutKey: true as const,
      })),
    ...zones.flatMap((zone): Finding[] => {
      const given = Object.keys(fields(zone.value));
      const absent = segments.filter((segment) => !given.includes(segment));
      const foreign = given.filter((segment) => !segments.includes(segment));
      return [
        ...absent.map((segment) => ({
          path: zone.path,
          message: `the segment ${segment} has no addresses in ${zone.key}`,
          aboutKey: true as const,
        })),
        ...foreign.map((segment) => ({
          path: [...zone.path, segment],
          message: `no network segment is called ${segment}; known: ${segments.join(', ')}`,
          aboutKey: true as const,
        })),
      ];
    }),
  ];
}

/** Regions are apart from each other and from what is reserved; segments lie in their region and apart. */
function addresses(content: unknown, regions: readonly Match[]): Finding[] {
  const reserved = matches(content, ['rollout', 'reserved', '*']).flatMap(({ path, key, value }) =>
    rangeAt(path, value, `the reserved range ${key}`),
  );
  const whole = regions.flatMap(({ path, key, value }) =>
    rangeAt([...path, 'cidr'], fields(value)['cidr'], `the region ${key}`),
  );
  return [
    ...apart([...reserved, ...whole]),
    ...regions.flatMap(({ key, value }) => {
      const own = parsed(fields(value)['cidr']);
      const subnets = matches(content, ['rollout', 'regions', key, 'zones', '*', '*']).flatMap((one) =>
        rangeAt(one.path, one.value, `${one.key} of ${String(one.path[4])}`),
      );
      const outside = subnets
        .filter(({ range }) => own !== undefined && !contains(own, range))
        .map(({ path, text }) => ({ path, message: `${text} is not in ${String(fields(value)['cidr'])} of ${key}` }));
      return [...outside, ...apart(subnets)];
    }),
  ];
}

/** Each range against those before it, so that a pair is told once, at the later place. */
function apart(ranges: readonly Range[]): Finding[] {
  return ranges.flatMap(({ path, text, range }, at) =>
    ranges
      .slice(0, at)
      .filter((before) => overlaps(before.range, range))
      .map((before) => ({ path, message: `${text} overlaps ${before.text} of ${before.what}` })),
  );
}

function rangeAt(path: Finding['path'], value: unknown, what: string): Range[] {
  const range = parsed(value);
  return range ? [{ path, text: String(value), range, what }] : [];
}

function parsed(value: unknown): Cidr | undefined {
  return typeof value === 'string' ? parseCidr(value) : undefined;
}

/** A security group opens ports: a flow that names none would have to open all of them. */
function flowsWithoutPorts(content: unknown): Finding[] {
  return matches(content, ['network', 'flows', '*'])
    .filter(({ value }) => typeof value === 'object' && value !== null && fields(value)['ports'] === undefined)
    .map(({ path, value }) => {
      const { source, target } = fields(value);
      const message = `the flow from ${String(source)} to ${String(target)} names no ports: no security group can be made of it`;
      return { path, message };
    });
}
