export { connectEc2 } from './connect.ts';
export type { Ec2Options } from './session.ts';
export type {
  Address,
  Ec2,
  Ec2Credentials,
  Ec2Endpoint,
  Ec2Tags,
  InternetGateway,
  NatGateway,
  NetworkInterface,
  Permission,
  Route,
  RouteTable,
  SecurityGroup,
  SecurityRule,
  Subnet,
  Vpc,
} from './types.ts';
