import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteInternetGatewayCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeInternetGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  DetachInternetGatewayCommand,
} from '@aws-sdk/client-ec2';
import { must, tagged, tagsOf, withTags } from './read.ts';
import type { Ec2Session } from './session.ts';
import type { Ec2 } from './types.ts';

type Verbs = Pick<
  Ec2,
  | 'vpcs'
  | 'createVpc'
  | 'deleteVpc'
  | 'subnets'
  | 'createSubnet'
  | 'deleteSubnet'
  | 'internetGateways'
  | 'createInternetGateway'
  | 'attachInternetGateway'
  | 'detachInternetGateway'
  | 'deleteInternetGateway'
  | 'networkInterfaces'
>;

/** VPCs, subnets, internet gateways, and what is in them. */
export function networkVerbs({ pages, change }: Ec2Session): Verbs {
  return {
    async vpcs() {
      const found = await pages('DescribeVpcs', (client, page, options) =>
        client.send(new DescribeVpcsCommand(page), options),
      );
      return found
        .flatMap(({ Vpcs = [] }) => Vpcs)
        .map(({ VpcId, CidrBlock = '', IsDefault = false, Tags }) => ({
          ...{ id: must(VpcId, 'DescribeVpcs', 'VpcId'), cidr: CidrBlock, isDefault: IsDefault },
          tags: tagsOf(Tags),
        }));
    },
    async createVpc(cidr, tags) {
      const request = `CreateVpc ${cidr}`;
      const { Vpc } = await change(request, (client, options) =>
        client.send(new CreateVpcCommand({ CidrBlock: cidr, TagSpecifications: tagged('vpc', tags) }), options),
      );
      return must(Vpc?.VpcId, request, 'VpcId');
    },
    async deleteVpc(id) {
      await change(`DeleteVpc ${id}`, (client, options) => client.send(new DeleteVpcCommand({ VpcId: id }), options));
    },
    async subnets(vpcId) {
      const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
      const found = await pages('DescribeSubnets', (client, page, options) =>
        client.send(new DescribeSubnetsCommand({ ...page, Filters }), options),
      );
      return found
        .flatMap(({ Subnets = [] }) => Subnets)
        .map(({ SubnetId, CidrBlock = '', AvailabilityZone = '', Tags }) => ({
          ...{ id: must(SubnetId, 'DescribeSubnets', 'SubnetId'), vpcId, cidr: CidrBlock, zone: AvailabilityZone },
          tags: tagsOf(Tags),
        }));
    },
    async createSubnet({ vpcId, cidr, zone }, tags) {
      const request = `CreateSubnet ${cidr} in ${zone}`;
      const { Subnet } = await change(request, (client, options) =>
        client.send(
          new CreateSubnetCommand({
            ...{ VpcId: vpcId, CidrBlock: cidr, AvailabilityZone: zone },
            TagSpecifications: tagged('subnet', tags),
          }),
          options,
        ),
      );
      return must(Subnet?.SubnetId, request, 'SubnetId');
    },
    async deleteSubnet(id) {
      await change(`DeleteSubnet ${id}`, (client, options) =>
        client.send(new DeleteSubnetCommand({ SubnetId: id }), options),
      );
    },
    async internetGateways(tags) {
      const found = await pages('DescribeInternetGateways', (client, page, options) =>
        client.send(new DescribeInternetGatewaysCommand({ ...page, Filters: withTags(tags) }), options),
      );
      return found
        .flatMap(({ InternetGateways = [] }) => InternetGateways)
        .map(({ InternetGatewayId, Attachments = [], Tags }) => ({
          id: must(InternetGatewayId, 'DescribeInternetGateways', 'InternetGatewayId'),
          vpcIds: Attachments.flatMap(({ VpcId }) => (VpcId === undefined ? [] : [VpcId])),
          tags: tagsOf(Tags),
        }));
    },
    async createInternetGateway(tags) {
      const request = 'CreateInternetGateway';
      const { InternetGateway } = await change(request, (client, options) =>
        client.send(new CreateInternetGatewayCommand({ TagSpecifications: tagged('internet-gateway', tags) }), options),
      );
      return must(InternetGateway?.InternetGatewayId, request, 'InternetGatewayId');
    },
    async attachInternetGateway(id, vpcId) {
      const command = new AttachInternetGatewayCommand({ InternetGatewayId: id, VpcId: vpcId });
      await change(`AttachInternetGateway ${id} to ${vpcId}`, (client, options) => client.send(command, options));
    },
    async detachInternetGateway(id, vpcId) {
      const command = new DetachInternetGatewayCommand({ InternetGatewayId: id, VpcId: vpcId });
      await change(`DetachInternetGateway ${id} from ${vpcId}`, (client, options) => client.send(command, options));
    },
    async deleteInternetGateway(id) {
      const command = new DeleteInternetGatewayCommand({ InternetGatewayId: id });
      await change(`DeleteInternetGateway ${id}`, (client, options) => client.send(command, options));
    },
    async networkInterfaces(vpcId) {
      const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
      const request = 'DescribeNetworkInterfaces';
      const found = await pages(request, (client, page, options) =>
        client.send(new DescribeNetworkInterfacesCommand({ ...page, Filters }), options),
      );
      return found
        .flatMap(({ NetworkInterfaces = [] }) => NetworkInterfaces)
        .map(({ NetworkInterfaceId, SubnetId = '', Description = '', Attachment }) => ({
          ...{ id: must(NetworkInterfaceId, request, 'NetworkInterfaceId'), subnetId: SubnetId },
          description: Description,
          ...(Attachment?.InstanceId === undefined ? {} : { instanceId: Attachment.InstanceId }),
        }));
    },
  };
}
