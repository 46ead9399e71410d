import type { ProtocolEnum } from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  CreateListenerCommand,
  DeleteListenerCommand,
  DescribeListenersCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { tagList } from '../aws/index.ts';
import type { ElbRequests } from './read.ts';
import { must, tagsByArn } from './read.ts';
import type { Elb } from './types.ts';

type Verbs = Pick<Elb, 'listeners' | 'createListener' | 'deleteListener'>;

/** The ports that a load balancer listens on, each with what it forwards to. */
export function listenerVerbs(requests: ElbRequests): Verbs {
  const { pages, change } = requests;
  return {
    async listeners(loadBalancer) {
      const request = 'DescribeListeners';
      const found = await pages(
        request,
        (client, Marker: string | undefined, options) =>
          client.send(new DescribeListenersCommand({ LoadBalancerArn: loadBalancer, Marker }), options),
        ({ NextMarker }) => NextMarker || undefined,
      );
      const all = found.flatMap(({ Listeners = [] }) => Listeners);
      const idOf = (one: (typeof all)[number]): string => must(one.ListenerArn, request, 'ListenerArn');
      const tags = await tagsByArn(requests, all.map(idOf));
      return all.map((one) => {
        const [first, ...others] = one.DefaultActions ?? [];
        const forwards = others.length === 0 && first?.Type === 'forward' ? first.TargetGroupArn : undefined;
        return {
          ...{ id: idOf(one), protocol: one.Protocol ?? '', port: one.Port ?? 0 },
          certificates: (one.Certificates ?? []).flatMap(({ CertificateArn }) =>
            CertificateArn ? [CertificateArn] : [],
          ),
          ...(forwards === undefined ? {} : { targetGroup: forwards }),
          tags: tags.get(idOf(one)) ?? {},
        };
      });
    },
    async createListener({ loadBalancer, protocol, port, certificate, targetGroup }, tags) {
      const request = `CreateListener ${protocol} ${port}`;
      const command = new CreateListenerCommand({
        ...{ LoadBalancerArn: loadBalancer, Protocol: protocol as ProtocolEnum, Port: port },
        ...(certificate === undefined ? {} : { Certificates: [{ CertificateArn: certificate }] }),
        ...{ DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroup }], Tags: tagList(tags) },
      });
      const { Listeners = [] } = await change(request, (client, options) => client.send(command, options));
      return must(Listeners[0]?.ListenerArn, request, 'ListenerArn');
    },
    async deleteListener(id) {
      const command = new DeleteListenerCommand({ ListenerArn: id });
      await change(`DeleteListener ${id}`, (client, options) => client.send(command, options));
    },
  };
}
