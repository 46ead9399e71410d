import { Route53Client } from '@aws-sdk/client-route-53';
import type { AwsCredentials, AwsEndpoint, AwsOptions } from '../aws/index.ts';
import { clientConfig, requestsOf } from '../aws/index.ts';
import { healthCheckVerbs } from './health-checks.ts';
import { recordVerbs } from './records.ts';
import type { Route53 } from './types.ts';

/** Route 53 of one account; it is the same from every region. Nothing is sent before the first verb. */
export function connectRoute53(endpoint: AwsEndpoint, credentials?: AwsCredentials, options: AwsOptions = {}): Route53 {
  const requests = requestsOf('AWS', new Route53Client(clientConfig(endpoint, credentials)), options);
  return { ...recordVerbs(requests), ...healthCheckVerbs(requests), close: requests.close };
}
