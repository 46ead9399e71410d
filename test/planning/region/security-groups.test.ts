import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { NetworkIntent } from '../../../src/planning/region/index.ts';
import { outletOf, securityGroups, securityRules } from '../../../src/planning/region/index.ts';
import { parsePlatform } from '../../../src/platform/index.ts';
import { drawnFlows, openFlows, otherFlows } from '../../support/seed-flows.ts';

const file = 'platform.example.yaml';
const network = parsePlatform(readFileSync(file, 'utf8'), file).platform.network as NetworkIntent;

describe('security groups', () => {
  it('open exactly the arrows of the design and the flows that it lacks, and nothing else', () => {
    expect(openFlows(securityRules(network))).toEqual([...drawnFlows, ...otherFlows].sort());
  });

  it('are one for each member; who has no flow at all is closed in both directions', () => {
    const names = securityGroups(network).map(({ name }) => name);
    expect(names).toHaveLength(11);
    const used = new Set(securityRules(network).map(({ group }) => group));
    expect(names.filter((name) => !used.has(name))).toEqual(['compute.jailer', 'management.log-aggregation']);
  });

  it('a flow less is a rule less on both of its sides', () => {
    const without = { ...network, flows: network.flows.filter(({ target }) => target !== 'caches') };
    expect(openFlows(securityRules(without)).filter((one) => one.includes('data.caches'))).toEqual([]);
  });

  it('packets leave a segment only where a flow or an entry needs it', () => {
    const outlets = Object.keys(network.segments).map((segment) => [segment, outletOf(network, segment)]);
    expect(Object.fromEntries(outlets)).toEqual({
      ...{ public: 'internet', dmz: 'internet', app: 'nat', compute: 'nat' },
      ...{ data: 'none', management: 'none' },
    });
  });
});
