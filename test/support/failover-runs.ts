import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { monotonicMs, until } from '../../lab/clock.ts';
import { labProcessFence } from '../../lab/redis/fence.ts';
import type { WriterProcess } from '../../lab/load/redis-writer-process.ts';
import type { WritersOptions } from '../../lab/load/redis-writers.ts';
import { startRigWriters } from '../../lab/load/rig-writers.ts';
import { withRedis } from '../../lab/redis/client.ts';
import type { RedisRig } from '../../lab/redis/rig.ts';
import type { RunReport, RunStatus } from '../../src/runs/index.ts';
import { codeOf } from '../workflows/run/harness.ts';
import { stopping } from './lab.ts';
import type { SwitchoverRig } from './switchover-rig.ts';
import { startSwitchoverRig } from './switchover-rig.ts';
import type { TestServer } from './temporal.ts';

export type FailoverRuns = ReturnType<typeof failoverRuns>;

/** A group's `failover` settings, by the folder that its process fence needs. */
export type FailoverSettings = (stateDir: string) => Record<string, unknown>;

/** Quick probes, and a fence that proves itself. */
export const processFence: FailoverSettings = (stateDir) => ({
  fences: [{ kind: 'refuse-writes' }, labProcessFence(stateDir)],
  probeEvery: '200ms',
  probeTimeout: '300ms',
});

/** The verbs of tests that fail groups over on real servers. What they start ends with the test. */
export function failoverRuns(server: () => TestServer) {
  let runs = 0;
  let rigs = 0;
  const start = (rig: SwitchoverRig, input: object = {}): Promise<WorkflowHandle> =>
    server().client.workflow.start('redisFailover', {
      workflowId: `failover/${rig.groupName}/${process.pid}-${(runs += 1)}`,
      taskQueue: rig.taskQueue,
      args: [{ group: rig.groupName, ...input }],
    });
  return {
    start,
    rigWith: async (
      failover: FailoverSettings,
      options: Parameters<typeof startSwitchoverRig>[1] = {},
    ): Promise<SwitchoverRig> => {
      const stateDir = mkdtempSync(join(tmpdir(), 'gantry-failover-'));
      const settings = { failover: failover(stateDir), ...options.settings };
      // A group, and so a lock, of its own: a query must not meet the run of a rig that is gone.
      const group = `sessions-${(rigs += 1)}`;
      return stopping(await startSwitchoverRig(server(), { stateDir, group, ...options, settings }));
    },
    /** The report of a run that ends well. */
    outcome: async (run: Promise<WorkflowHandle>): Promise<RunReport> => (await (await run).result()) as RunReport,
    /** The code of a run that doesn't; undefined if it does. */
    refusedWith: async (run: Promise<WorkflowHandle>): Promise<string | undefined> =>
      codeOf(await (await run).result().catch((error: unknown) => error)),
    /** What the group's real run shows, once it is in this state. */
    until: async (rig: SwitchoverRig, state: RunStatus['state'], withinMs = 30_000): Promise<RunStatus> => {
      const real = server().client.workflow.getHandle(`redis/${rig.groupName}`);
      let last: RunStatus | undefined;
      const seen = await until(async () => {
        last = await real.query<RunStatus>('status');
        return last.state === state && last;
      }, withinMs);
      if (!seen) throw new Error(`the run did not become ${state} in ${withinMs} ms; it is ${JSON.stringify(last)}`);
      return seen;
    },
  };
}

/** What a node says that it is: `master` or `slave`. */
export function roleOf(rig: RedisRig, name: string): Promise<unknown> {
  return withRedis(rig.group.node(name), rig.group.password, async (redis) => {
    const [role] = (await redis.call('ROLE')) as unknown[];
    return role;
  });
}

/** Writers that write already, each over the clients' links where the rig has such. */
export async function writeLoad(rig: RedisRig, options: Partial<WritersOptions> = {}): Promise<WriterProcess> {
  const { links, group } = rig;
  const told = group.nodes.map(({ name, host, port }) => ({
    name,
    ...(links?.route('workers', name) ?? { host, port }),
  }));
  const routes = links?.places.includes('clients')
    ? Object.fromEntries(told.map(({ name, host, port }) => [`${host}:${port}`, links.route('clients', name)]))
    : {};
  const writers = await startRigWriters(rig, {
    nodeNames: Object.fromEntries(told.map(({ name, host, port }) => [`${host}:${port}`, name])),
    ratePerWriter: 500,
    routes,
    ...options,
  });
  stopping({ stop: () => writers.close() });
  await until(async () => (await writers.snapshot()).acked > 300, 10_000);
  return writers;
}

/** A moment right before a write that the present primary acknowledged: where a window with one handover in it begins. */
export async function beforeAnAck(writers: WriterProcess): Promise<number> {
  const sinceMs = monotonicMs();
  const { acked } = await writers.snapshot();
  if (await until(async () => (await writers.snapshot()).acked > acked, 5_000)) return sinceMs;
  throw new Error('nobody acknowledges a write');
}

/** What the ledger says at a test's end. */
export type Ledger = Awaited<ReturnType<typeof ledgerOf>>;

/**
 * Stops the writers and asks their ledger: whether two nodes took writes after `sinceMs`, and what of all that was ever
 * acknowledged the present primary hasn't got.
 */
export async function ledgerOf(rig: RedisRig, writers: WriterProcess, sinceMs: number, primary: string) {
  const { twoPrimaries, handovers } = await writers.twoPrimaries({ sinceMs });
  const { byNode, refused } = await writers.stop();
  return { twoPrimaries, handovers, byNode, refused, ...(await writers.verify(rig.group.node(primary))) };
}
