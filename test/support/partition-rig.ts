import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Links } from '../../lab/faults/links.ts';
import { loadPlatform } from '../../src/platform/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { startWorkers } from '../../workers/all.ts';
import type { FailoverRuns, FailoverSettings } from './failover-runs.ts';
import { stopping } from './lab.ts';
import type { SwitchoverRig } from './switchover-rig.ts';
import type { TestServer } from './temporal.ts';

/** A rig whose network can be parted. Its places: `workers`, `clients`, the vantages, and the replicas `r2` and `r3`. */
export type PartitionRig = SwitchoverRig & { links: Links };

export type PartitionOptions = Parameters<FailoverRuns['rigWith']>[1] & {
  /** Default three, on machines of their own. */
  vantages?: readonly string[];
};

/**
 * A group of three whose every link can be cut, with one worker for each vantage. All workers are in this one process and
 * on this one machine: the failure domains that they name (`GANTRY_VANTAGE_DOMAIN`) and the links that each has of its own
 * stand in for machines.
 */
export async function partitionRig(
  server: TestServer,
  runs: FailoverRuns,
  failover: FailoverSettings,
  { vantages = ['a', 'b', 'c'], ...options }: PartitionOptions = {},
): Promise<PartitionRig> {
  const rig = await runs.rigWith((stateDir) => ({ ...failover(stateDir), vantages }), {
    ...options,
    places: ['clients', ...vantages],
    roles: ['orchestration', 'redis'],
  });
  const { links } = rig;
  if (!links) throw new Error('a rig with places has links');
  const { address } = server;
  await Promise.all(
    vantages.map(async (vantage) =>
      stopping(
        await startWorkers(
          {
            connection: { address, namespace: 'default', options: { address } },
            taskQueue: rig.taskQueue,
            platform: loadPlatform(platformOf(rig, links, vantage)),
            log: createLog('fatal'),
            env: { ...rig.env, GANTRY_VANTAGE: vantage, GANTRY_VANTAGE_DOMAIN: `rack-${vantage}` },
          },
          ['vantage'],
        ),
      ),
    ),
  );
  return { ...rig, links };
}

type Platform = { redis: { groups: Record<string, { nodes: { name: string; host: string; port: number }[] }> } };

/** The platform file with the links of one vantage: the names are everybody's, the ways its own. */
function platformOf(rig: SwitchoverRig, links: Links, vantage: string): string {
  // The lab writes JSON, which is YAML.
  const platform = JSON.parse(readFileSync(rig.platformFile, 'utf8')) as Platform;
  for (const node of platform.redis.groups[rig.groupName]?.nodes ?? [])
    Object.assign(node, links.route(vantage, node.name));
  const file = join(dirname(rig.platformFile), `platform-${vantage}.yaml`);
  writeFileSync(file, JSON.stringify(platform));
  return file;
}
