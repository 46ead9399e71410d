import type { DrainShardData } from '../../src/runs/index.ts';
import { runProgram } from '../../src/drivers/program/run-program.ts';
import { filled } from '../../src/drivers/hook/index.ts';
import type { WaitingFiles } from '../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { StepContext } from '../../src/steps/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from './access.ts';
import { asStep, withServer } from './access.ts';

export type QueuesInput = Pick<DrainShardData, 'cluster' | 'listedAs' | 'shard'>;
export type QueuesSeen = { waiting: readonly string[]; unknown: readonly string[] };

/** What waits is sent within seconds while its target answers. */
const withinMs = 60_000;
const programMs = 15_000;

/**
 * No acknowledged row waits in a Distributed table for the shard, nor on one of its servers for any: it would go with the
 * server, or come to the shard after it was proven empty.
 */
export const proveQueues = defineStep<QueuesInput, QueuesSeen, ClickHouseDeps>({
  name: 'clickhouse.prove-queues',
  settleMs: 0,
  probe: async (input, { clusters }, context) => {
    const seen = await look(await clusters(input.cluster), input, context);
    if (seen.unknown.length > 0) {
      const words = `${seen.unknown.join(', ')} can not say what waits there, and the platform file has no program that can`;
      return blocked('CLICKHOUSE_QUEUE_UNKNOWN', seen, words);
    }
    if (seen.waiting.length > 0) return todo(seen, seen.waiting.join('; '));
    return done(seen, `nothing waits for shard ${input.shard}, nor on its servers`);
  },
  apply: async (input, _seen, { clusters }, context) => {
    const access = await clusters(input.cluster);
    const startedAt = performance.now();
    for (;;) {
      const { waiting } = await look(access, input, context);
      if (waiting.length === 0) return;
      if (performance.now() - startedAt > withinMs)
        throw new GantryError('CLICKHOUSE_QUEUE_NOT_EMPTY', waiting.join('; '));
      await wait(500, context.signal);
    }
  },
});

async function look(
  access: ClickHouseClusterAccess,
  { shard, listedAs }: QueuesInput,
  context: StepContext,
): Promise<QueuesSeen> {
  const waiting: string[] = [];
  const unknown: string[] = [];
  await Promise.all(
    access.config.nodes.map(async ({ name: server, shard: of }) => {
      const said = await waitingOn(access, { server, listedAs, ...(of === shard ? {} : { towards: shard }) }, context);
      if (said) waiting.push(...said);
      else unknown.push(server);
    }),
  );
  return { waiting: waiting.sort(), unknown: unknown.sort() };
}

/**
 * What waits in the Distributed tables of a server, in words: for one shard, or for any. Undefined where neither the server can
 * say it (18.16) nor a program of the platform file.
 */
export async function waitingOn(
  access: ClickHouseClusterAccess,
  { server, listedAs, towards }: { server: string; listedAs: string; towards?: number },
  context: StepContext,
): Promise<string[] | undefined> {
  const { nodes, membership } = access.config;
  const files = await withServer(access, server, (node) => node.waitingFiles(), asStep(context));
  if (files) {
    return files.filter((one) => towards === undefined || mayBeFor(one, towards)).map((one) => inWords(server, one));
  }
  if (!membership.queues) return undefined;
  const own = nodes.filter((one) => one.shard === towards).map(({ host, port }) => `${host}:${port}`);
  const host = nodes.find(({ name }) => name === server)?.host ?? '';
  const target = { server, host, cluster: listedAs, towards: towards === undefined ? 'any' : own.join(',') };
  const said = await ask(
    membership.queues.map((word) => filled(word, target)),
    context,
  );
  return said === undefined ? [] : [`${server}: ${said}`];
}

/** A folder is called after its shard, `shard3_replica1`, or after its servers: then it may be for any. */
function mayBeFor({ folder }: WaitingFiles, shard: number): boolean {
  const named = /\/shard(\d+)_(?:replica\d+|all_replicas)[^/]*\/?$/.exec(folder)?.[1];
  return named === undefined || Number(named) === shard;
}

function inWords(server: string, { database, table, files }: WaitingFiles): string {
  return `${server}: ${files} files wait in ${database}.${table}`;
}

/** What a program says that doesn't find it empty; undefined where it does. */
async function ask(argv: readonly string[], { signal }: StepContext): Promise<string | undefined> {
  try {
    const { code, stdout, stderr } = await runProgram(argv, { timeoutMs: programMs, signal });
    if (code === 0) return undefined;
    return `${argv[0] ?? ''} ended with ${code ?? 'a signal'}: ${(stdout || stderr).trim().slice(-200)}`;
  } catch (error) {
    signal.throwIfAborted();
    return (error as Error).message;
  }
}
