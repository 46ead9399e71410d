import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { ClickHouseCluster } from '../../lab/clickhouse/clickhouse.ts';
import { pause } from '../../lab/clock.ts';
import type { RunReport, RunStatus } from '../../src/runs/index.ts';
import type { RebalanceRig, RebalanceRigOptions } from './rebalance-rig.ts';
import { reportOf, startRebalanceRig } from './rebalance-rig.ts';
import { asSeen } from './parked.ts';

const profile = { startToClose: '300s', heartbeat: '15s', attempts: 3, firstRetry: '50ms', maxRetry: '200ms' };
/** Nobody to ask, quick to give up, a short soak. */
export const shardPolicies = {
  default: {
    approval: { people: 0 },
    soak: { duration: '1s', every: '300ms' },
    profiles: { quick: profile, slow: profile, watched: profile },
  },
};

/** The hosts' side of `membership.hook`: programs that ask for a list, and somebody who writes it into `remote_servers`. */
export type HostFiles = {
  /** For the platform file. */
  hook: Record<string, unknown>;
  /** What was asked for, in order. */
  readonly asked: readonly string[];
  /** Somebody else has written a list since: the next one that is asked for is written whatever was asked for before. */
  forget: () => void;
  stop: () => Promise<void>;
};

/** Does what is asked for by `declare` of the lab's cluster, or by `write`. */
export function hostFiles(
  cluster: ClickHouseCluster,
  write: (weights: Record<number, number>) => Promise<void> = (weights) => cluster.declare(weights),
): HostFiles {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-hosts-'));
  const [wanted, written] = [join(dir, 'wanted'), join(dir, 'written')];
  const asked: string[] = [];
  let running = true;
  let last = '';
  const loop = (async () => {
    while (running) {
      const now = existsSync(wanted) ? readFileSync(wanted, 'utf8') : '';
      if (now !== '' && now !== last) {
        asked.push(now);
        const entries = now.split(',').map((one) => one.split('=').map(Number) as [number, number]);
        await write(Object.fromEntries(entries));
        writeFileSync(written, now);
        last = now;
      }
      await pause(50);
    }
  })();
  return {
    hook: {
      kind: 'command',
      apply: ['sh', '-c', 'printf %s "$1" > "$0.new" && mv "$0.new" "$0"', wanted, '{shards}'],
      confirm: ['cmp', '-s', wanted, written],
    },
    asked,
    forget() {
      for (const file of [wanted, written]) rmSync(file, { force: true });
      last = '';
    },
    async stop() {
      running = false;
      await loop;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** For `membership.queues`: looks on the hosts' disks, as the operator's program does. */
export function queueProgram(cluster: ClickHouseCluster): string[] {
  const folders = cluster.nodes.map(({ name, dataDir }) => `${name}:${dataDir}`).join(' ');
  const script = `for one in ${folders}; do [ "\${one%%:*}" = "$0" ] && dir="\${one#*:}"; done
    ! find "$dir/data" -path '*_all/*@*' -name '*.bin' | grep -q .`;
  return ['sh', '-c', script, '{server}'];
}

export type ShardRig = RebalanceRig & {
  /** Starts a run that adds or drains a shard; a dry run under an id of its own. */
  run: (
    workflowType: 'clickhouseAddShard' | 'clickhouseDrainShard',
    shard: number,
    more?: object,
  ) => Promise<WorkflowHandle>;
  /** The report of a run that comes to its end by itself. @throws where it parks */
  through: (run: WorkflowHandle) => Promise<RunReport>;
  tell: (run: WorkflowHandle, update: string, request: object) => Promise<void>;
};

let dryRuns = 0;

/** Workers over a cluster of the lab whose shards are added and drained. */
export async function startShardRig(options: RebalanceRigOptions): Promise<ShardRig> {
  const { server, cluster } = options;
  const rig = await startRebalanceRig({ policies: shardPolicies, ...options });
  return {
    ...rig,
    run: (workflowType, shard, more = {}) =>
      server.client.workflow.start(workflowType, {
        workflowId: 'dryRun' in more ? `dry-run/shard/${(dryRuns += 1)}` : `clickhouse/${cluster.name}`,
        taskQueue: rig.taskQueue,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        args: [{ cluster: cluster.name, shard, ...more }],
      }),
    async through(run) {
      let ended = false;
      const report = reportOf(run).finally(() => (ended = true));
      report.catch(() => undefined);
      while (!ended) {
        const status = await run.query<RunStatus, []>('status').catch(() => undefined);
        const parked = status?.parked ?? status?.steps.find(({ run: child }) => child?.state === 'parked');
        if (parked) throw new Error(`parked: ${JSON.stringify(parked)}`);
        await pause(100);
      }
      return report;
    },
    tell: async (run, update, request) =>
      void (await run.executeUpdate<RunStatus, [unknown]>(update, {
        args: [await asSeen(run, update, { by: 'ada', ...request })],
      })),
  };
}
