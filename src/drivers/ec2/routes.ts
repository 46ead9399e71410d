import {
  AllocateAddressCommand,
  AssociateRouteTableCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  DeleteNatGatewayCommand,
  DeleteRouteTableCommand,
  DescribeAccountAttributesCommand,
  DescribeAddressesCommand,
  DescribeNatGatewaysCommand,
  DescribeRouteTablesCommand,
  DisassociateRouteTableCommand,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2';
import { must, tagged, tagsOf } from './read.ts';
import type { Ec2Session } from './session.ts';
import type { Ec2 } from './types.ts';

type Verbs = Pick<
  Ec2,
  | 'natGateways'
  | 'createNatGateway'
  | 'deleteNatGateway'
  | 'addresses'
  | 'addressQuota'
  | 'allocateAddress'
  | 'releaseAddress'
  | 'routeTables'
  | 'createRouteTable'
  | 'deleteRouteTable'
  | 'createRoute'
  | 'associate'
  | 'disassociate'
>;

/** NAT gateways, their addresses, and route tables. */
export function routeVerbs({ pages, ask, change }: Ec2Session): Verbs {
  return {
    async natGateways(vpcId) {
      const Filter = [
        { Name: 'vpc-id', Values: [vpcId] },
        { Name: 'state', Values: ['pending', 'available', 'failed', 'deleting'] },
      ];
      const found = await pages('DescribeNatGateways', (client, page, options) =>
        client.send(new DescribeNatGatewaysCommand({ ...page, Filter }), options),
      );
      return found
        .flatMap(({ NatGateways = [] }) => NatGateways)
        .map(({ NatGatewayId, SubnetId = '', State = '', NatGatewayAddresses = [], Tags }) => ({
          ...{ id: must(NatGatewayId, 'DescribeNatGateways', 'NatGatewayId'), subnetId: SubnetId, state: State },
          allocationIds: NatGatewayAddresses.flatMap(({ AllocationId }) => (AllocationId ? [AllocationId] : [])),
          interfaceIds: NatGatewayAddresses.flatMap(({ NetworkInterfaceId: at }) => (at ? [at] : [])),
          tags: tagsOf(Tags),
        }))
        .filter(({ state }) => state !== 'deleted');
    },
    async createNatGateway({ subnetId, allocationId }, tags) {
      const request = `CreateNatGateway in ${subnetId}`;
      const { NatGateway } = await change(request, (client, options) =>
        client.send(
          new CreateNatGatewayCommand({
            ...{ SubnetId: subnetId, AllocationId: allocationId },
            TagSpecifications: tagged('natgateway', tags),
          }),
          options,
        ),
      );
      return must(NatGateway?.NatGatewayId, request, 'NatGatewayId');
    },
    async deleteNatGateway(id) {
      const command = new DeleteNatGatewayCommand({ NatGatewayId: id });
      await change(`DeleteNatGateway ${id}`, (client, options) => client.send(command, options));
    },
    async addresses() {
      const { Addresses = [] } = await ask('DescribeAddresses', (client, options) =>
        client.send(new DescribeAddressesCommand({}), options),
      );
      return Addresses.flatMap(({ AllocationId, PublicIp = '', AssociationId, Tags }) =>
        AllocationId === undefined
          ? []
          : [{ id: AllocationId, ip: PublicIp, inUse: Boolean(AssociationId), tags: tagsOf(Tags) }],
      );
    },
    async addressQuota() {
      const AttributeNames = ['vpc-max-elastic-ips'] as never;
      const { AccountAttributes = [] } = await ask('DescribeAccountAttributes', (client, options) =>
        client.send(new DescribeAccountAttributesCommand({ AttributeNames }), options),
      );
      const found = AccountAttributes.find(({ AttributeName }) => AttributeName === 'vpc-max-elastic-ips');
      const value = Number(found?.AttributeValues?.[0]?.AttributeValue);
      return Number.isInteger(value) && value > 0 ? value : undefined;
    },
    async allocateAddress(tags) {
      const request = 'AllocateAddress';
      const { AllocationId } = await change(request, (client, options) =>
        client.send(
          new AllocateAddressCommand({ Domain: 'vpc', TagSpecifications: tagged('elastic-ip', tags) }),
          options,
        ),
      );
      return must(AllocationId, request, 'AllocationId');
    },
    async releaseAddress(id) {
      const command = new ReleaseAddressCommand({ AllocationId: id });
      await change(`ReleaseAddress ${id}`, (client, options) => client.send(command, options));
    },
    async routeTables(vpcId) {
      const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
      const found = await pages('DescribeRouteTables', (client, page, options) =>
        client.send(new DescribeRouteTablesCommand({ ...page, Filters }), options),
      );
      return found
        .flatMap(({ RouteTables = [] }) => RouteTables)
        .map(({ RouteTableId, Routes = [], Associations = [], Tags }) => ({
          ...{ id: must(RouteTableId, 'DescribeRouteTables', 'RouteTableId'), vpcId, tags: tagsOf(Tags) },
          routes: Routes.flatMap(({ DestinationCidrBlock = '', GatewayId, NatGatewayId, ...others }) => {
            if (GatewayId === 'local') return [];
            const via = NatGatewayId ?? GatewayId ?? others.TransitGatewayId ?? others.NetworkInterfaceId ?? 'unknown';
            return [{ to: DestinationCidrBlock, via }];
          }),
          subnets: Associations.flatMap(({ SubnetId, RouteTableAssociationId }) =>
            SubnetId && RouteTableAssociationId ? [{ subnetId: SubnetId, associationId: RouteTableAssociationId }] : [],
          ),
          isMain: Associations.some(({ Main }) => Main === true),
        }));
    },
    async createRouteTable(vpcId, tags) {
      const request = `CreateRouteTable in ${vpcId}`;
      const { RouteTable } = await change(request, (client, options) =>
        client.send(
          new CreateRouteTableCommand({ VpcId: vpcId, TagSpecifications: tagged('route-table', tags) }),
          options,
        ),
      );
      return must(RouteTable?.RouteTableId, request, 'RouteTableId');
    },
    async deleteRouteTable(id) {
      const command = new DeleteRouteTableCommand({ RouteTableId: id });
      await change(`DeleteRouteTable ${id}`, (client, options) => client.send(command, options));
    },
    async createRoute(routeTableId, { to, via, kind }) {
      const gateway = kind === 'nat' ? { NatGatewayId: via } : { GatewayId: via };
      const command = new CreateRouteCommand({ RouteTableId: routeTableId, DestinationCidrBlock: to, ...gateway });
      await change(`CreateRoute ${to} by ${via} in ${routeTableId}`, (client, options) =>
        client.send(command, options),
      );
    },
    async associate(routeTableId, subnetId) {
      const command = new AssociateRouteTableCommand({ RouteTableId: routeTableId, SubnetId: subnetId });
      await change(`AssociateRouteTable ${routeTableId} with ${subnetId}`, (client, options) =>
        client.send(command, options),
      );
    },
    async disassociate(associationId) {
      const command = new DisassociateRouteTableCommand({ AssociationId: associationId });
      await change(`DisassociateRouteTable ${associationId}`, (client, options) => client.send(command, options));
    },
  };
}
