import type { EdgeHealth, EdgeTargets, PlannedEdge } from '../../../runs/index.ts';
import { groupName } from '../network/groups.ts';

/** The edge of a region as the file states it. */
export type EdgeIntent = {
  balancer: {
    name: string;
    type: 'application' | 'network';
    segment: string;
    member: string;
    port: number;
    certificate?: string;
  };
  targets: { port: number; path?: string };
  webAcl?: string;
  healthCheck?: { path?: string };
  dns: { zone: string; name: string; group: string; geoAlias: string; authority?: readonly string[] };
  servedWithinMs: number;
};

/** What the file says of an edge → what its steps make. Pure. */
export function edgeAsMeant(region: string, zones: readonly string[], edge: EdgeIntent): PlannedEdge {
  const { balancer, dns, webAcl, healthCheck, servedWithinMs } = edge;
  const { name, type, segment, member, port, certificate } = balancer;
  return {
    region,
    balancer: {
      ...{ name, kind: type, segment, zones, group: groupName(segment, member), port, protocol: spoken(balancer) },
      ...(certificate === undefined ? {} : { certificate }),
    },
    targets: targetsOf(edge),
    ...(webAcl === undefined ? {} : { webAcl }),
    ...(healthCheck ? { health: healthOf(balancer, healthCheck) } : {}),
    names: {
      ...{ zone: dns.zone, own: dns.name, group: dns.group, geoAlias: dns.geoAlias },
      ...(dns.authority ? { authority: dns.authority } : {}),
    },
    servedWithinMs,
  };
}

function spoken({ type, certificate }: EdgeIntent['balancer']): string {
  if (type === 'application') return certificate === undefined ? 'HTTP' : 'HTTPS';
  return certificate === undefined ? 'TCP' : 'TLS';
}

/** An application load balancer asks its targets by HTTP: AWS's own path is `/`. */
function targetsOf({ balancer: { type }, targets: { port, path } }: EdgeIntent): EdgeTargets {
  if (type === 'application') return { protocol: 'HTTP', port, path: path ?? '/' };
  return { protocol: 'TCP', port, ...(path === undefined ? {} : { path }) };
}

/** Where the load balancer ends TLS, or its targets do behind the port of HTTPS, a path is asked for by HTTPS. */
function healthOf({ port, certificate }: EdgeIntent['balancer'], { path }: { path?: string }): EdgeHealth {
  if (path === undefined) return { protocol: 'TCP', port };
  return { protocol: certificate !== undefined || port === 443 ? 'HTTPS' : 'HTTP', port, path };
}
