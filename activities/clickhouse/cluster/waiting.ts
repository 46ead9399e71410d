import { filled, runProgram } from '../../../src/drivers/programs/index.ts';
import type { WaitingFiles } from '../../../src/drivers/clickhouse/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { asStep, withServer } from '../access/access.ts';

const programMs = 15_000;

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
