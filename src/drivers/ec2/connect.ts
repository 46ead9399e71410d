import { groupVerbs } from './groups.ts';
import { networkVerbs } from './network.ts';
import { routeVerbs } from './routes.ts';
import type { Ec2Options } from './session.ts';
import { sessionTo } from './session.ts';
import type { Ec2, Ec2Credentials, Ec2Endpoint } from './types.ts';

/**
 * The network of one account in one region. Nothing is sent before the first verb. Without credentials those of the worker's
 * environment are taken, as the AWS SDK finds them.
 */
export function connectEc2(endpoint: Ec2Endpoint, credentials?: Ec2Credentials, options: Ec2Options = {}): Ec2 {
  const session = sessionTo(endpoint, credentials, options);
  return {
    where: endpoint.endpoint ?? `EC2 of ${endpoint.region}`,
    ...networkVerbs(session),
    ...routeVerbs(session),
    ...groupVerbs(session),
    close: session.close,
  };
}
