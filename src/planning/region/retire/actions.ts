import type { ActionOf, RegionRetireData } from '../../../runs/index.ts';

type Action = ActionOf<'region.retire'>;

/** What a plan announces of one stage, in the order in which it is done. */
export function actionsOf(data: RegionRetireData): Action[] {
  const { stage, components, claims, namespaces } = data;
  return [
    ...edgeActions(data),
    ...components.map(({ component, objects }): Action => ({
      step: 'region.remove-component',
      what: `Remove ${component} (${objects.map(({ kind, name }) => `${kind}/${name}`).join(', ')})`,
      reversible: stage === 'components',
    })),
    ...claims.map(({ component, claims: all }): Action => ({
      step: 'region.remove-claims',
      what: `Delete the volumes of ${component} (${all.map(({ name }) => name).join(', ')})`,
      reversible: false,
    })),
    ...namespaces.map(({ namespace }): Action => ({
      step: 'region.remove-namespace',
      what: `Delete the namespace ${namespace.name}, if nothing else is in it`,
      reversible: false,
    })),
    ...networkActions(data),
  ];
}

function edgeActions({ edge }: RegionRetireData): Action[] {
  if (!edge) return [];
  const { balancer, names, webAcl, health } = edge;
  const removal = (step: Action['step'], what: string): Action => ({ step, what, reversible: true });
  return [
    removal('region.remove-edge-records', `Remove ${names.own}, and its record in ${names.group}, from ${names.zone}`),
    ...(health ? [removal('region.remove-health-check', 'Remove its health check')] : []),
    removal('region.remove-listener', `Have ${balancer.name} no longer listen on ${balancer.port}`),
    ...(webAcl === undefined ? [] : [removal('region.detach-web-acl', `Take the web ACL ${webAcl} away from it`)]),
    removal('region.remove-load-balancer', `Remove the load balancer ${balancer.name}`),
    removal('region.remove-target-group', `Remove the target group ${balancer.name}`),
  ];
}

function networkActions({ network }: RegionRetireData): Action[] {
  if (!network) return [];
  const removal = (step: Action['step'], what: string): Action => ({ step, what, reversible: false });
  const { vpc, zones } = network;
  return [
    { step: 'region.network-unused', what: 'See that nothing else is in the network', reversible: true },
    ...zones.flatMap(({ zone, subnets, natIn }) => [
      removal('region.remove-routes', `Remove the routes of ${zone}`),
      removal(
        'region.remove-nat',
        natIn === undefined
          ? `See that ${zone} has no NAT gateway`
          : `Remove the NAT gateway of ${zone}, and release its address`,
      ),
      removal('region.remove-subnets', `Remove the ${subnets.length} subnets of ${zone}`),
    ]),
    removal('region.remove-groups', 'Remove the security groups'),
    removal('region.remove-gateway', 'Remove the internet gateway'),
    removal('region.remove-vpc', `Remove the VPC ${vpc.id ?? ''} (${vpc.cidr})`),
  ];
}
