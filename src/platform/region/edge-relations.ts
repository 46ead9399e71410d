import type { Finding, Match } from '../references.ts';
import { fields, isCount, matches } from '../references.ts';

/**
 * What the edge of a region must agree on with the network: its members exist, flows and entries let its packets through, an application
 * load balancer has two zones, and no two regions have one name. Like `danglingNames` it bears malformed content.
 */
export function edgeFindings(content: unknown): Finding[] {
  const edges = matches(content, ['rollout', 'regions', '*', 'edge']);
  return [
    ...edges.flatMap((edge) => [...ways(content, edge), ...zones(content, edge), ...elsewhere(edge)]),
    ...ownNames(edges),
  ];
}

/** A load balancer takes certificates and web ACLs of its own region alone (Elastic Load Balancing and WAF developer guides). */
function elsewhere({ path, value }: Match): Finding[] {
  const region = String(path[2]);
  const { balancer, webAcl } = fields(value);
  const arns: [Finding['path'], unknown][] = [
    [[...path, 'balancer', 'certificate'], fields(balancer)['certificate']],
    [[...path, 'webAcl'], webAcl],
  ];
  return arns.flatMap(([at, arn]) => {
    const other = typeof arn === 'string' ? arn.split(':')[3] : undefined;
    if (other === undefined || other === region) return [];
    return [{ path: at, message: `it is of ${other || 'no region'}, the load balancer of ${region}` }];
  });
}

function ways(content: unknown, { path, value }: Match): Finding[] {
  const [balancer, targets] = [fields(fields(value)['balancer']), fields(fields(value)['targets'])];
  const absent = [
    ...missingMember(content, [...path, 'balancer'], balancer),
    ...missingMember(content, [...path, 'targets'], targets),
  ];
  if (absent.length > 0) return absent;
  const [member, target] = [String(balancer['member']), String(targets['member'])];
  const port = balancer['port'] ?? 443;
  const isOpen = matches(content, ['network', 'entries', '*']).some(
    (one) =>
      fields(one.value)['to'] === balancer['segment'] &&
      fields(one.value)['target'] === member &&
      hasPort(fields(one.value)['ports'], port),
  );
  const isAllowed = matches(content, ['network', 'flows', '*']).some((one) => {
    const flow = fields(one.value);
    const ends = flow['from'] === balancer['segment'] && flow['to'] === targets['segment'];
    const who = flow['source'] === member && flow['target'] === target;
    return ends && who && hasPort(flow['ports'], targets['port']);
  });
  return [
    ...(isOpen || !isCount(port)
      ? []
      : [
          {
            path: [...path, 'balancer'],
            message: `no entry of the network lets anyone reach ${member} on port ${port}`,
          },
        ]),
    ...(isAllowed || !isCount(targets['port'])
      ? []
      : [
          {
            path: [...path, 'targets', 'port'],
            message: `no flow of the network leads from ${member} to ${target} on port ${targets['port']}`,
          },
        ]),
  ];
}

function missingMember(content: unknown, path: Finding['path'], at: Record<string, unknown>): Finding[] {
  const { segment, member } = at;
  if (typeof segment !== 'string' || typeof member !== 'string') return [];
  const members = matches(content, ['network', 'segments', segment, 'members', '*']).map((match) => match.value);
  if (members.includes(member)) return [];
  const known = matches(content, ['network', 'segments', '*']).map(({ key }) => key);
  if (!known.includes(segment))
    return [
      { path: [...path, 'segment'], message: `no network segment is called ${segment}; known: ${known.join(', ')}` },
    ];
  return [{ path: [...path, 'member'], message: `segment ${segment} has no member ${member}: ${members.join(', ')}` }];
}

/** `8000` and `8000-8003`. */
function hasPort(ports: unknown, wanted: unknown): boolean {
  if (!Array.isArray(ports) || typeof wanted !== 'number') return false;
  return ports.some((one) => {
    const [from, to = from] = String(one).split('-').map(Number);
    return from !== undefined && to !== undefined && wanted >= from && wanted <= to;
  });
}

/** AWS makes an application load balancer in two zones or more (Elastic Load Balancing user guide, "Availability Zones"). */
function zones(content: unknown, { path, value }: Match): Finding[] {
  const region = path[2];
  const { type = 'application' } = fields(fields(value)['balancer']);
  const all = matches(content, ['regions', String(region), 'zones', '*']);
  if (type !== 'application' || all.length !== 1) return [];
  return [
    {
      path: [...path, 'balancer'],
      message: `an application load balancer needs two zones, ${String(region)} has one: use type network`,
    },
  ];
}

function ownNames(edges: readonly Match[]): Finding[] {
  const names = edges.map(({ path, value }) => ({ path, name: fields(fields(value)['dns'])['name'] }));
  return names.flatMap(({ path, name }, at) => {
    const before = names.slice(0, at).find((one) => typeof name === 'string' && one.name === name);
    if (!before) return [];
    return [{ path: [...path, 'dns', 'name'], message: `${String(name)} is the name of ${String(before.path[2])}` }];
  });
}
