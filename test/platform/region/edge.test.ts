import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GantryError } from '../../../src/errors/index.ts';
import { parsePlatform } from '../../../src/platform/index.ts';

const file = 'platform.example.yaml';
const text = readFileSync(file, 'utf8');

/** The problems of the example with one text in place of another. */
function problemsWith(...changes: readonly (readonly [from: string, to: string])[]): string[] {
  let changed = text;
  for (const [from, to] of changes) {
    expect(changed).toContain(from);
    changed = changed.replace(from, to);
  }
  try {
    parsePlatform(changed, file);
    return [];
  } catch (error) {
    if (error instanceof GantryError) return error.problems.map(({ message }) => message.replace(/^rollout\S+: /, ''));
    throw error;
  }
}

const ofUs = 'targets: { segment: dmz, member: gatewayd, port: 8000, path: /ready }';
const dnsOfUs = 'name: us-east-1.api.example.net, group: us.api.example.net, geoAlias: api.example.net';

describe('what is wrong with an edge is told', () => {
  it('a port that nobody may reach, and one that no flow leads to', () => {
    expect(problemsWith(['sources: [0.0.0.0/0], ports: [443]', 'sources: [0.0.0.0/0], ports: [80]'])).toContain(
      'no entry of the network lets anyone reach external-load-balancers on port 443',
    );
    expect(problemsWith([ofUs, ofUs.replace('8000', '8001')])).toEqual([
      'no flow of the network leads from external-load-balancers to gatewayd on port 8001',
    ]);
  });

  it('a member and a segment that are not there', () => {
    expect(problemsWith([ofUs, ofUs.replace('gatewayd', 'gateway')])).toEqual([
      'segment dmz has no member gateway: gatewayd, bastions',
    ]);
    expect(problemsWith([ofUs, ofUs.replace('dmz', 'edge')])[0]).toContain('no network segment is called edge');
  });

  it('an application load balancer in one zone, and a web ACL before one that does not speak HTTP', () => {
    expect(problemsWith(['unkey-ap-southeast-1, type: network,', 'unkey-ap-southeast-1,'])).toEqual([
      'an application load balancer needs two zones, ap-southeast-1 has one: use type network',
    ]);
    expect(problemsWith(['unkey-us-east-1, segment', 'unkey-us-east-1, type: network, segment'])).toEqual([
      'a web ACL stands before an application load balancer alone',
    ]);
  });

  it('a certificate and a web ACL of another region', () => {
    expect(problemsWith(['arn:aws:acm:eu-west-1:', 'arn:aws:acm:us-east-1:'])).toEqual([
      'it is of us-east-1, the load balancer of eu-west-1',
    ]);
    expect(problemsWith(['arn:aws:wafv2:eu-west-1:', 'arn:aws:wafv2:us-east-1:'])).toEqual([
      'it is of us-east-1, the load balancer of eu-west-1',
    ]);
  });

  it('names in DNS that cannot be apart: one for weight and location, one for two regions', () => {
    expect(problemsWith([dnsOfUs, dnsOfUs.replace('us.api.example.net', 'api.example.net')])[0]).toContain(
      'records by weight and by location cannot share one',
    );
    expect(problemsWith(['name: eu-west-1.api.example.net', 'name: us-east-1.api.example.net'])).toEqual([
      'us-east-1.api.example.net is the name of us-east-1',
    ]);
  });

  it('names, ARNs and paths that AWS does not take: all of them in one answer', () => {
    const problems = problemsWith(
      ['balancer: { name: unkey-us-east-1,', 'balancer: { name: internal-us,'],
      ['webAcl: arn:aws:wafv2:us-east-1', 'webAcl: arn:aws:waf:us-east-1'],
      ['zone: Z0123456789ABCDEFGHIJ', 'zone: example.net'],
      ['healthCheck: { path: /ready }', 'healthCheck: { path: ready }'],
      ['geoAlias: api.example.net', 'geoAlias: API.example.net.'],
    );
    expect(problems).toHaveLength(5);
    expect(problems.join('\n')).toMatch(/internal-[^]*ARN of wafv2|ARN of wafv2[^]*internal-/);
  });
});
