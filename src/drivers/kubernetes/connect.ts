import type { RequestContext } from '@kubernetes/client-node';
import { CoreV1Api, KubeConfig, ServerConfiguration, createConfiguration } from '@kubernetes/client-node';
import type { KubernetesOptions, KubernetesTarget } from './types.ts';

const defaultTimeoutMs = 15_000;

/**
 * The API client with a bearer token and the given authority. Each call is a request of its own with its own deadline: the
 * library sets none. `contentType` is for patches, whose kind the library takes from the header alone.
 */
export function connectCore(
  { api, token, ca }: KubernetesTarget,
  { timeoutMs = defaultTimeoutMs, signal }: KubernetesOptions,
): (contentType?: string) => CoreV1Api {
  const config = new KubeConfig();
  const cluster = {
    ...{ name: 'region', server: api, skipTLSVerify: false },
    ...(ca === undefined ? {} : { caData: Buffer.from(ca).toString('base64') }),
  };
  config.loadFromClusterAndUser(cluster, { name: 'gantry', token });
  return (contentType) => {
    const pre = (context: RequestContext): Promise<RequestContext> => {
      const deadline = AbortSignal.timeout(timeoutMs);
      context.setSignal(signal ? AbortSignal.any([signal, deadline]) : deadline);
      if (contentType !== undefined) context.setHeaderParam('Content-Type', contentType);
      return Promise.resolve(context);
    };
    return new CoreV1Api(
      createConfiguration({
        baseServer: new ServerConfiguration(api, {}),
        authMethods: { default: config },
        promiseMiddleware: [{ pre, post: (answer) => Promise.resolve(answer) }],
      }),
    );
  };
}
