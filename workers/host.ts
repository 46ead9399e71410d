import { readFileSync } from 'node:fs';
import type { Worker } from '@temporalio/worker';
import type { HostAccess, HostNodes } from '../activities/host/index.ts';
import { createHostActivities, hostAccess } from '../activities/host/index.ts';
import type { SshPool } from '../src/drivers/ssh/index.ts';
import { createSshPool } from '../src/drivers/ssh/index.ts';
import { kubernetesNodes } from '../src/drivers/kubernetes/index.ts';
import { GantryError } from '../src/errors/index.ts';
import { hostInventory, hostRegion, hostsNamed, platformDigests } from '../src/platform/index.ts';
import { resolveSecret } from '../src/settings/index.ts';
import type { WorkerContext } from './context.ts';
import { domainWorkers } from './domain.ts';
import { payloadStore } from './payloads.ts';

/**
 * The steps of the host domain: it has the SSH keys of the hosts and their bastions, and the tokens of the regions' Kubernetes
 * APIs. GANTRY_REGIONS names the regions whose hosts this process reaches.
 */
export async function hostWorkers(context: WorkerContext): Promise<Worker[]> {
  const { platform, log } = context;
  const pool = createSshPool();
  const activities = createHostActivities({
    hosts: hostsOf(context, pool),
    nodes: nodesOf(context),
    fleet: (hosts) => ({
      serials: hostsNamed(platform.platform, hosts),
      quarantine: platform.platform.hosts.quarantine,
    }),
    inventory: platform.platform.hosts,
    runtime: { ...platformDigests(platform.platform), payloads: payloadStore(platform) },
    log,
  });
  return domainWorkers(context, 'host', activities);
}

/** How a worker reaches the hosts of its platform file. */
export function hostsOf({ platform, env, wrapDriver }: WorkerContext, pool: SshPool): (serial: string) => HostAccess {
  return (serial) =>
    hostAccess(
      hostInventory(platform.platform, serial),
      pool,
      (ref) => resolveSecret(ref, env),
      (ssh) => wrapDriver('ssh', ssh),
    );
}

/** How a worker reaches the Nodes of a host's region. The authority is read at each use: it may be renewed. */
export function nodesOf({
  platform,
  env,
  wrapDriver,
}: WorkerContext): (serial: string, signal?: AbortSignal) => HostNodes {
  return (serial, signal) => {
    const region = hostRegion(platform.platform, serial) ?? '';
    const apis = platform.platform.hosts.kubernetes;
    const access = Object.hasOwn(apis, region) ? apis[region] : undefined;
    if (!access) {
      throw new GantryError(
        'HOST_REGION_UNKNOWN',
        `hosts.kubernetes has no line for ${region || `the zone of ${serial}`}`,
        {
          evidence: { serial, region },
        },
      );
    }
    const { api, ca, token } = access;
    const target = { api, token: resolveSecret(token, env), ...(ca === undefined ? {} : { ca: authority(ca) }) };
    return { ...wrapDriver('kubernetes', kubernetesNodes(target, signal ? { signal } : {})), region };
  };
}

/** @throws KUBERNETES_AUTHORITY_UNREADABLE */
function authority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new GantryError('KUBERNETES_AUTHORITY_UNREADABLE', `${path}: ${(error as Error).message}`);
  }
}
