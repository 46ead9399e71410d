import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { AwsCredentials, AwsEndpoint, AwsOptions } from '../aws/index.ts';
import { clientConfig, requestsOf } from '../aws/index.ts';
import { balancerVerbs } from './balancers.ts';
import { listenerVerbs } from './listeners.ts';
import { targetGroupVerbs } from './target-groups.ts';
import type { Elb } from './types.ts';

/** Elastic Load Balancing of one account in one region. Nothing is sent before the first verb. */
export function connectElb(endpoint: AwsEndpoint, credentials?: AwsCredentials, options: AwsOptions = {}): Elb {
  const requests = requestsOf('AWS', new ElasticLoadBalancingV2Client(clientConfig(endpoint, credentials)), options);
  return {
    where: endpoint.endpoint ?? `Elastic Load Balancing of ${endpoint.region}`,
    ...balancerVerbs(requests),
    ...targetGroupVerbs(requests),
    ...listenerVerbs(requests),
    close: requests.close,
  };
}
