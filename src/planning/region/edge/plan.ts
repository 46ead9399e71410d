import type { ActionOf, PlannedEdge } from '../../../runs/index.ts';

/** What a plan announces of an edge, in the order in which it is made. */
export function edgeActions(edge: PlannedEdge | undefined): ActionOf<'region.rollout'>[] {
  if (!edge) return [];
  const { region, balancer, targets, webAcl, health, names, servedWithinMs } = edge;
  const to = `${targets.protocol} ${targets.port}`;
  return [
    { step: 'region.make-target-group', what: `Make the target group ${balancer.name} (${to})`, reversible: true },
    {
      step: 'region.make-load-balancer',
      what: `Make the ${balancer.kind} load balancer ${balancer.name} in ${balancer.segment} of ${balancer.zones.join(', ')}`,
      reversible: true,
    },
    {
      step: 'region.make-listener',
      what: `Have it listen on ${balancer.port} (${balancer.protocol})`,
      reversible: true,
    },
    ...(webAcl === undefined
      ? []
      : [{ step: 'region.attach-web-acl' as const, what: `Put the web ACL ${webAcl} before it`, reversible: true }]),
    ...(health
      ? [
          {
            step: 'region.make-health-check' as const,
            what: `Have Route 53 ask it from outside by ${health.protocol} ${health.port}${health.path ?? ''}`,
            reversible: true,
          },
        ]
      : []),
    {
      step: 'region.set-edge-records',
      what: `Name it ${names.own}, and add ${region} to ${names.group} with weight 0, in ${names.zone}`,
      reversible: true,
    },
    {
      step: 'region.edge-served',
      what: `See every name server answer ${names.own} within ${Math.round(servedWithinMs / 1000)} s`,
      reversible: true,
    },
  ];
}
