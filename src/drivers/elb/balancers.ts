import {
  CreateLoadBalancerCommand,
  DeleteLoadBalancerCommand,
  DescribeLoadBalancersCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { tagList } from '../aws/index.ts';
import type { ElbRequests } from './read.ts';
import { must, orNothing, tagsByArn } from './read.ts';
import type { Elb } from './types.ts';

type Verbs = Pick<Elb, 'loadBalancer' | 'createLoadBalancer' | 'deleteLoadBalancer'>;

/** Load balancers themselves. */
export function balancerVerbs(requests: ElbRequests): Verbs {
  const { ask, change } = requests;
  return {
    async loadBalancer(name) {
      const request = `DescribeLoadBalancers ${name}`;
      const command = new DescribeLoadBalancersCommand({ Names: [name] });
      const answer = await orNothing(ask(request, (client, options) => client.send(command, options)));
      const [found] = answer?.LoadBalancers ?? [];
      if (!found) return undefined;
      const id = must(found.LoadBalancerArn, request, 'LoadBalancerArn');
      return {
        ...{ id, name, kind: found.Type ?? '', scheme: found.Scheme ?? '', state: found.State?.Code ?? '' },
        dnsName: must(found.DNSName, request, 'DNSName'),
        zoneId: must(found.CanonicalHostedZoneId, request, 'CanonicalHostedZoneId'),
        vpcId: found.VpcId ?? '',
        subnets: (found.AvailabilityZones ?? []).flatMap(({ SubnetId }) => (SubnetId ? [SubnetId] : [])),
        groups: found.SecurityGroups ?? [],
        tags: (await tagsByArn(requests, [id])).get(id) ?? {},
      };
    },
    async createLoadBalancer({ name, kind, subnets, groups }, tags) {
      const request = `CreateLoadBalancer ${name}`;
      const command = new CreateLoadBalancerCommand({
        ...{ Name: name, Type: kind, Scheme: 'internet-facing', Subnets: [...subnets], SecurityGroups: [...groups] },
        Tags: tagList(tags),
      });
      const { LoadBalancers = [] } = await change(request, (client, options) => client.send(command, options));
      return must(LoadBalancers[0]?.LoadBalancerArn, request, 'LoadBalancerArn');
    },
    async deleteLoadBalancer(id) {
      const command = new DeleteLoadBalancerCommand({ LoadBalancerArn: id });
      await change(`DeleteLoadBalancer ${id}`, (client, options) => client.send(command, options));
    },
  };
}
