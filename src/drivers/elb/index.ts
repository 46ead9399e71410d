export { connectElb } from './connect.ts';
export type { BalancerKind, Elb, Listener, LoadBalancer, TargetGroup } from './types.ts';
