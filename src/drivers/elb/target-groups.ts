import type { ProtocolEnum } from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  CreateTargetGroupCommand,
  DeleteTargetGroupCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { tagList } from '../aws/index.ts';
import type { ElbRequests } from './read.ts';
import { must, orNothing, tagsByArn } from './read.ts';
import type { Elb } from './types.ts';

type Verbs = Pick<Elb, 'targetGroup' | 'createTargetGroup' | 'deleteTargetGroup' | 'targets'>;

/** Target groups. Their targets are registered by whoever runs them. */
export function targetGroupVerbs(requests: ElbRequests): Verbs {
  const { ask, change } = requests;
  return {
    async targetGroup(name) {
      const request = `DescribeTargetGroups ${name}`;
      const command = new DescribeTargetGroupsCommand({ Names: [name] });
      const answer = await orNothing(ask(request, (client, options) => client.send(command, options)));
      const [found] = answer?.TargetGroups ?? [];
      if (!found) return undefined;
      const id = must(found.TargetGroupArn, request, 'TargetGroupArn');
      const path = found.HealthCheckPath;
      return {
        ...{ id, name, protocol: found.Protocol ?? '', port: found.Port ?? 0, targetType: found.TargetType ?? '' },
        vpcId: found.VpcId ?? '',
        health: { protocol: found.HealthCheckProtocol ?? '', ...(path === undefined ? {} : { path }) },
        tags: (await tagsByArn(requests, [id])).get(id) ?? {},
      };
    },
    async createTargetGroup({ name, protocol, port, vpcId, health }, tags) {
      const request = `CreateTargetGroup ${name}`;
      const command = new CreateTargetGroupCommand({
        ...{ Name: name, Protocol: protocol as ProtocolEnum, Port: port, VpcId: vpcId, TargetType: 'ip' },
        HealthCheckProtocol: health.protocol as ProtocolEnum,
        ...(health.path === undefined ? {} : { HealthCheckPath: health.path }),
        Tags: tagList(tags),
      });
      const { TargetGroups = [] } = await change(request, (client, options) => client.send(command, options));
      return must(TargetGroups[0]?.TargetGroupArn, request, 'TargetGroupArn');
    },
    async deleteTargetGroup(id) {
      const command = new DeleteTargetGroupCommand({ TargetGroupArn: id });
      await change(`DeleteTargetGroup ${id}`, (client, options) => client.send(command, options));
    },
    async targets(targetGroup) {
      const command = new DescribeTargetHealthCommand({ TargetGroupArn: targetGroup });
      const { TargetHealthDescriptions = [] } = await ask(`DescribeTargetHealth ${targetGroup}`, (client, options) =>
        client.send(command, options),
      );
      return TargetHealthDescriptions.flatMap(({ Target }) =>
        Target?.Id === undefined ? [] : [`${Target.Id}:${Target.Port ?? 0}`],
      );
    },
  };
}
