import type { Route53Client } from '@aws-sdk/client-route-53';
import {
  ChangeTagsForResourceCommand,
  CreateHealthCheckCommand,
  DeleteHealthCheckCommand,
  ListHealthChecksCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-route-53';
import type { AwsRequests } from '../aws/index.ts';
import { must, tagList, tagsOf } from '../aws/index.ts';
import type { HealthCheck, Route53 } from './types.ts';

type Verbs = Pick<
  Route53,
  'healthChecks' | 'createHealthCheck' | 'tagHealthCheck' | 'healthCheckTags' | 'deleteHealthCheck'
>;

/** How often Route 53 asks, in seconds, and after how many failures in a row something is unhealthy: its defaults, said aloud. */
const interval = 30;
const failures = 3;

/** Health checks. */
export function healthCheckVerbs({ ask, change, pages }: AwsRequests<Route53Client>): Verbs {
  return {
    async healthChecks(prefix) {
      const found = await pages(
        'ListHealthChecks',
        (client, Marker: string | undefined, options) => client.send(new ListHealthChecksCommand({ Marker }), options),
        ({ IsTruncated, NextMarker }) => (IsTruncated && NextMarker ? NextMarker : undefined),
      );
      return found
        .flatMap(({ HealthChecks = [] }) => HealthChecks)
        .filter(({ CallerReference = '' }) => CallerReference.startsWith(prefix))
        .map(({ Id, CallerReference = '', HealthCheckConfig: config }) => ({
          ...{ id: must('AWS', Id, 'ListHealthChecks', 'Id'), reference: CallerReference },
          protocol: (config?.Type ?? '') as HealthCheck['protocol'],
          ...{ host: config?.FullyQualifiedDomainName ?? '', port: config?.Port ?? 0 },
          ...(config?.ResourcePath ? { path: config.ResourcePath } : {}),
        }));
    },
    async createHealthCheck({ protocol, host, port, path }, reference) {
      const request = `CreateHealthCheck of ${host}`;
      const command = new CreateHealthCheckCommand({
        CallerReference: reference,
        HealthCheckConfig: {
          ...{ Type: protocol, FullyQualifiedDomainName: host, Port: port },
          ...{ RequestInterval: interval, FailureThreshold: failures },
          ...(path === undefined ? {} : { ResourcePath: path }),
          // Without the name in the handshake a load balancer does not know which certificate to show.
          ...(protocol === 'HTTPS' ? { EnableSNI: true } : {}),
        },
      });
      const { HealthCheck: made } = await change(request, (client, options) => client.send(command, options));
      return must('AWS', made?.Id, request, 'Id');
    },
    async tagHealthCheck(id, tags) {
      const command = new ChangeTagsForResourceCommand({
        ...{ ResourceType: 'healthcheck', ResourceId: id, AddTags: tagList(tags) },
      });
      await change(`ChangeTagsForResource ${id}`, (client, options) => client.send(command, options));
    },
    async healthCheckTags(id) {
      const command = new ListTagsForResourceCommand({ ResourceType: 'healthcheck', ResourceId: id });
      const { ResourceTagSet } = await ask(`ListTagsForResource ${id}`, (client, options) =>
        client.send(command, options),
      );
      return tagsOf(ResourceTagSet?.Tags);
    },
    async deleteHealthCheck(id) {
      const command = new DeleteHealthCheckCommand({ HealthCheckId: id });
      await change(`DeleteHealthCheck ${id}`, (client, options) => client.send(command, options));
    },
  };
}
