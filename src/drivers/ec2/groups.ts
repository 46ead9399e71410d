import type { IpPermission } from '@aws-sdk/client-ec2';
import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { must, tagged, tagsOf } from './read.ts';
import type { Ec2Session } from './session.ts';
import type { Ec2, Permission } from './types.ts';

type Verbs = Pick<Ec2, 'securityGroups' | 'createSecurityGroup' | 'deleteSecurityGroup' | 'rules' | 'allow' | 'revoke'>;

/** Security groups and their rules. */
export function groupVerbs({ pages, change }: Ec2Session): Verbs {
  return {
    async securityGroups(vpcId) {
      const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
      const found = await pages('DescribeSecurityGroups', (client, page, options) =>
        client.send(new DescribeSecurityGroupsCommand({ ...page, Filters }), options),
      );
      return found
        .flatMap(({ SecurityGroups = [] }) => SecurityGroups)
        .map(({ GroupId, GroupName = '', Tags }) => ({
          ...{ id: must(GroupId, 'DescribeSecurityGroups', 'GroupId'), vpcId, name: GroupName, tags: tagsOf(Tags) },
        }));
    },
    async createSecurityGroup({ vpcId, name, description }, tags) {
      const request = `CreateSecurityGroup ${name}`;
      const { GroupId } = await change(request, (client, options) =>
        client.send(
          new CreateSecurityGroupCommand({
            ...{ GroupName: name, Description: description, VpcId: vpcId },
            TagSpecifications: tagged('security-group', tags),
          }),
          options,
        ),
      );
      return must(GroupId, request, 'GroupId');
    },
    async deleteSecurityGroup(id) {
      const command = new DeleteSecurityGroupCommand({ GroupId: id });
      await change(`DeleteSecurityGroup ${id}`, (client, options) => client.send(command, options));
    },
    async rules(groups) {
      if (groups.length === 0) return [];
      const Filters = [{ Name: 'group-id', Values: [...groups] }];
      const request = 'DescribeSecurityGroupRules';
      const found = await pages(request, (client, page, options) =>
        client.send(new DescribeSecurityGroupRulesCommand({ ...page, Filters }), options),
      );
      return found
        .flatMap(({ SecurityGroupRules = [] }) => SecurityGroupRules)
        .map((rule) => {
          const group = rule.ReferencedGroupInfo?.GroupId;
          const cidr = rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.PrefixListId ?? 'unknown';
          return {
            id: must(rule.SecurityGroupRuleId, request, 'SecurityGroupRuleId'),
            group: must(rule.GroupId, request, 'GroupId'),
            direction: rule.IsEgress === true ? ('out' as const) : ('in' as const),
            protocol: rule.IpProtocol ?? '-1',
            fromPort: rule.FromPort ?? -1,
            toPort: rule.ToPort ?? -1,
            peer: group === undefined ? { cidr } : { group },
            tags: tagsOf(rule.Tags),
          };
        });
    },
    async allow(group, permissions, tags) {
      for (const direction of ['in', 'out'] as const) {
        const IpPermissions = permissions.filter((one) => one.direction === direction).map(written);
        if (IpPermissions.length === 0) continue;
        const of = { GroupId: group, IpPermissions, TagSpecifications: tagged('security-group-rule', tags) };
        await change(`allow ${IpPermissions.length} (${direction}) in ${group}`, async (client, options) => {
          if (direction === 'in') await client.send(new AuthorizeSecurityGroupIngressCommand(of), options);
          else await client.send(new AuthorizeSecurityGroupEgressCommand(of), options);
        });
      }
    },
    async revoke(group, rules) {
      for (const direction of ['in', 'out'] as const) {
        const SecurityGroupRuleIds = rules.filter((one) => one.direction === direction).map(({ id }) => id);
        if (SecurityGroupRuleIds.length === 0) continue;
        const of = { GroupId: group, SecurityGroupRuleIds };
        await change(`revoke ${SecurityGroupRuleIds.length} (${direction}) in ${group}`, async (client, options) => {
          if (direction === 'in') await client.send(new RevokeSecurityGroupIngressCommand(of), options);
          else await client.send(new RevokeSecurityGroupEgressCommand(of), options);
        });
      }
    },
  };
}

function written({ protocol, fromPort, toPort, peer }: Permission): IpPermission {
  return {
    IpProtocol: protocol,
    ...(protocol === '-1' ? {} : { FromPort: fromPort, ToPort: toPort }),
    ...('group' in peer ? { UserIdGroupPairs: [{ GroupId: peer.group }] } : { IpRanges: [{ CidrIp: peer.cidr }] }),
  };
}
