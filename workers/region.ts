import type { Worker } from '@temporalio/worker';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { RegionDeps } from '../activities/region/index.ts';
import { createRegionActivities } from '../activities/region/index.ts';
import { dnsQuestions } from '../src/drivers/dns/index.ts';
import { connectEc2 } from '../src/drivers/ec2/index.ts';
import { connectElb } from '../src/drivers/elb/index.ts';
import type { KubernetesTarget } from '../src/drivers/kubernetes/index.ts';
import { kubernetesNodes, kubernetesObjects } from '../src/drivers/kubernetes/index.ts';
import { connectPrometheus } from '../src/drivers/prometheus/index.ts';
import { connectRoute53 } from '../src/drivers/route53/index.ts';
import { connectAcm } from '../src/drivers/acm/index.ts';
import { connectWaf } from '../src/drivers/waf/index.ts';
import type { ErrorCode } from '../src/errors/index.ts';
import { GantryError } from '../src/errors/index.ts';
import type { RolloutRegion } from '../src/platform/index.ts';
import {
  platformDigests,
  regionHosts,
  regionPools,
  regionStores,
  regionUses,
  rolloutRegion,
} from '../src/platform/index.ts';
import { resolveSecret } from '../src/settings/index.ts';
import type { WorkerContext } from './context.ts';
import { domainWorkers } from './domain.ts';
import { payloadStore } from './payloads.ts';

/** The steps of the region domain: it has the credentials of the accounts and the tokens of the regions' Kubernetes APIs. */
export async function regionWorkers(context: WorkerContext): Promise<Worker[]> {
  const { platform } = context;
  const runtime = { ...platformDigests(platform.platform), payloads: payloadStore(platform) };
  return domainWorkers(context, 'region', createRegionActivities({ ...regionDeps(context), runtime }));
}

/** How a worker reaches the regions of its platform file, and the catalogue beside it. */
export function regionDeps({
  platform: loaded,
  env,
  wrapDriver,
}: Pick<WorkerContext, 'platform' | 'env' | 'wrapDriver'>): RegionDeps {
  const { platform, path } = loaded;
  const { rollout, network, kubernetes } = platform;
  const secret = (ref: Parameters<typeof resolveSecret>[0]): string => resolveSecret(ref, env);
  const keys = ({ accessKeyId, secretAccessKey, sessionToken }: NonNullable<RolloutRegion['ec2']['credentials']>) => ({
    ...{ accessKeyId: secret(accessKeyId), secretAccessKey: secret(secretAccessKey) },
    ...(sessionToken ? { sessionToken: secret(sessionToken) } : {}),
  });
  const targetOf = ({ api, ca, token }: NonNullable<RolloutRegion['kubernetes']>): KubernetesTarget => ({
    ...{ api, token: secret(token) },
    ...(ca === undefined ? {} : { ca: authority(ca) }),
  });
  return {
    owner: platform.name,
    regions: () => Object.keys(rollout.regions),
    intent: (region) => {
      const config = rolloutRegion(platform, region);
      const own = Object.entries(rollout.components).filter(([, { regions }]) => regions?.includes(region) ?? true);
      const namespace = kubernetes?.namespace ?? 'default';
      return {
        ...{ config, network, namespace },
        ...{ components: Object.fromEntries(own), images: rollout.images },
        ...{ pools: regionPools(platform, region), stores: regionStores(platform, region) },
      };
    },
    ec2: (region, options) => {
      const { endpoint, credentials } = rolloutRegion(platform, region).ec2;
      const given = credentials && keys(credentials);
      return wrapDriver('ec2', connectEc2({ region, ...(endpoint ? { endpoint } : {}) }, given, options));
    },
    edge: (region, options) => {
      const { ec2, edge } = rolloutRegion(platform, region);
      const at = { region, ...(edge?.endpoint === undefined ? {} : { endpoint: edge.endpoint }) };
      const given = ec2.credentials && keys(ec2.credentials);
      const ofZone = edge?.dns.credentials ? keys(edge.dns.credentials) : given;
      const [elb, waf] = [connectElb(at, given, options), connectWaf(at, given, options)];
      const [acm, route53] = [connectAcm(at, given, options), connectRoute53(at, ofZone, options)];
      const resolvers = edge?.dns.resolvers;
      return {
        ...{ acm: wrapDriver('acm', acm), elb: wrapDriver('elb', elb), waf: wrapDriver('waf', waf) },
        route53: wrapDriver('route53', route53),
        dns: wrapDriver('dns', dnsQuestions({ ...(resolvers ? { resolvers } : {}), signal: options.signal })),
        close: () => [acm, elb, waf, route53].forEach((one) => one.close()),
      };
    },
    cluster: (region, signal) => {
      const access = rolloutRegion(platform, region).kubernetes;
      if (!access) return undefined;
      return wrapDriver('kubernetes', kubernetesObjects(targetOf(access), { signal }));
    },
    prometheus: (region, signal) => {
      const access = rolloutRegion(platform, region).prometheus;
      if (!access) return undefined;
      const { url, ca, token } = access;
      const target = {
        url,
        ...(ca === undefined ? {} : { ca: authority(ca, 'PROMETHEUS_AUTHORITY_UNREADABLE') }),
        ...(token === undefined ? {} : { token: secret(token) }),
      };
      return wrapDriver('prometheus', connectPrometheus(target, { signal }));
    },
    hosts: (region) => regionHosts(platform, region),
    nodes: (region, signal) => {
      const apis = platform.hosts.kubernetes;
      const access = Object.hasOwn(apis, region) ? apis[region] : undefined;
      return access && wrapDriver('kubernetes', kubernetesNodes(targetOf(access), { signal }));
    },
    uses: (region) => regionUses(platform, region),
    manifest: async (file) => {
      const at = resolve(dirname(path), rollout.catalogue, file);
      try {
        return await readFile(at, 'utf8');
      } catch (error) {
        const why = (error as NodeJS.ErrnoException).code ?? 'unreadable';
        throw new GantryError('REGION_MANIFEST_INVALID', `${rollout.catalogue}/${file} cannot be read: ${why}`);
      }
    },
  };
}

/** @throws `code` */
function authority(path: string, code: ErrorCode = 'KUBERNETES_AUTHORITY_UNREADABLE'): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new GantryError(code, `${path}: ${(error as Error).message}`);
  }
}
