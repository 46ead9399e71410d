import type { RegionRule } from '../../src/runs/index.ts';

/**
 * The arrows of the design's drawing of the network, told by hand: `from > to ports`. ELB → GW → INTERNAL_LB → SERVICES → DB and COMPUTE;
 * BASTION to services, databases and hosts; MONITOR to services and hosts. CACHE is in the data segment with DB.
 */
export const drawnFlows = [
  'public.external-load-balancers > dmz.gatewayd 8000-8000',
  'dmz.gatewayd > app.internal-load-balancers 8080-8083',
  'app.internal-load-balancers > app.services 8081-8081',
  'app.internal-load-balancers > app.services 8082-8082',
  'app.services > data.databases 8123-8123',
  'app.services > data.databases 9000-9000',
  'app.services > data.caches 6379-6379',
  'app.services > compute.vm-hosts 8080-8080',
  'app.services > compute.vm-hosts 8083-8083',
  'dmz.bastions > app.services 22-22',
  'dmz.bastions > data.databases 22-22',
  'dmz.bastions > data.caches 22-22',
  'dmz.bastions > compute.vm-hosts 22-22',
  'management.monitoring > app.services 9464-9467',
  'management.monitoring > compute.vm-hosts 9100-9100',
  'management.monitoring > compute.vm-hosts 9464-9467',
];

/** Not drawn, each with its reason in docs/seed-corrections.md. */
export const otherFlows = [
  '0.0.0.0/0 > public.external-load-balancers 443-443',
  '203.0.113.0/24 > dmz.bastions 22-22',
  'app.internal-load-balancers > compute.vm-hosts 8080-8080',
  'app.internal-load-balancers > compute.vm-hosts 8083-8083',
  'compute.vm-hosts > app.internal-load-balancers 8081-8081',
  'dmz.gatewayd > data.caches 6379-6379',
  'app.services > 0.0.0.0/0 443-443',
  'compute.vm-hosts > 0.0.0.0/0 443-443',
  ...[2181, 2888, 3888, 9000, 9009].map((port) => `data.databases > data.databases ${port}-${port}`),
  ...[6379, 26379].map((port) => `data.caches > data.caches ${port}-${port}`),
  'management.monitoring > data.databases 9363-9363',
  'management.monitoring > data.caches 9121-9121',
  'management.monitoring > dmz.gatewayd 9090-9090',
];

/**
 * What rules let through, in order: a connection between two groups is open only where the one lets it out and the other one in. A rule without
 * its other half is told with a `!`, so that it is never taken for a flow.
 */
export function openFlows(rules: readonly RegionRule[]): string[] {
  const lines = rules.map(({ group, direction, fromPort, toPort, peer }) => {
    const other = 'group' in peer ? peer.group : peer.cidr;
    const [from, to] = direction === 'out' ? [group, other] : [other, group];
    return { line: `${from} > ${to} ${fromPort}-${toPort}`, direction, outside: 'cidr' in peer };
  });
  const has = (line: string, direction: 'in' | 'out'): boolean =>
    lines.some((one) => one.line === line && one.direction === direction);
  const open = lines.map(({ line, outside }) =>
    outside || (has(line, 'in') && has(line, 'out')) ? line : `! ${line} has one half only`,
  );
  return [...new Set(open)].sort();
}
