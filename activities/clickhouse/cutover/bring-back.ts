import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { queryIdPrefix } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import type { LogMark } from './late-rows.ts';
import { blocksOfPart, cameSince } from './late-rows.ts';
import type { Move } from '../partition/move.ts';
import { partitionOf, withSide } from '../partition/move.ts';

/**
 * One part; `since`: where the replication log stood before it, `lookedAt`: its last entry before the last look at the source.
 * Parts are brought back one after the other.
 */
type Back = { move: Move; part: string; since: LogMark; lookedAt: number };
export type BroughtBack = { since: LogMark; rows: number; from: string };

/**
 * What became of this attempt: the server that had the part; nothing, since the log proves that no insert had that number; that
 * it can't be told; or rows that were acknowledged and are not to be had by their name, and why.
 */
type Fate =
  | { kind: 'attached' | 'nowhere' | 'unclear'; server: string }
  | { kind: 'missing'; why: string; merged: boolean }
  | { kind: 'in sight' };
const fates = new WeakMap<StepContext, Fate>();
const askEveryMs = 50;

/**
 * One late part becomes visible again at the source: it is attached by its name on the first server that has it, and on no
 * other, since several may. A server that has attached it has it no longer; whether a former attempt did that shows in the
 * replication log. A part that no server has was an insert that failed, if the log has nothing of it; else it is for a person:
 * a server that was restarted may have merged it with others, and 18.16 can't say what lies in `detached`.
 */
export const bringBack = defineStep<Back, BroughtBack, ClickHouseDeps>({
  name: 'clickhouse.bring-back',
  settleMs: 0,
  probe: async ({ move, part, since }, { clusters }, context) =>
    withSide(await clusters(move.cluster), move.source, context, async ([node]) => {
      const came = await cameSince(node, move, since);
      const fate = fates.get(context);
      if (!fate)
        return todo({ since, rows: 0, from: '' }, `${part} is detached, unless an earlier attempt attached it`);
      if (fate.kind === 'unclear') {
        const seen = { since: came.now, rows: 0, from: '' };
        return blocked(
          'CLICKHOUSE_LATE_ROWS_UNCLEAR',
          seen,
          came.unknown
            ? `whether ${part} is attached is not known: the replication log no longer has what came since`
            : `whether ${part} is attached is not known: it may be one of the ${came.parts.length} parts that came since without a block's hash`,
        );
      }
      if (fate.kind === 'missing') {
        const seen = { since: came.now, rows: 0, from: '' };
        return blocked(fate.merged ? 'CLICKHOUSE_LATE_ROWS_MERGED' : 'CLICKHOUSE_LATE_ROWS_UNCLEAR', seen, fate.why);
      }
      if (fate.kind === 'in sight') {
        return done({ since: came.now, rows: 0, from: '' }, `${part} is visible: it came after the detach`);
      }
      if (fate.kind === 'nowhere') {
        return done(
          { since: came.now, rows: 0, from: '' },
          `no server has ${part}, nor has the log: that insert failed`,
        );
      }
      const rows = await rowsOf(node, move, came.parts.at(-1));
      return done({ since: came.now, rows, from: fate.server }, `${part} is attached: ${rows} rows are visible again`);
    }),
  apply: async ({ move, part, since, lookedAt }, _seen, { clusters, log }, context) =>
    withSide(await clusters(move.cluster), move.source, context, async (nodes) => {
      const servers = [move.source.server, ...move.source.others];
      for (const [index, node] of nodes.entries()) {
        await attachEnded(node, context);
        if (index > 0) {
          // Missing on the first: a sibling's is attached only where nothing came that may be an earlier attempt's attach.
          const { parts, unknown } = await cameSince(nodes[0], move, since);
          if (unknown || parts.length > 1 || (parts.length === 1 && context.attempt === 1)) {
            return void fates.set(context, { kind: 'unclear', server: '' });
          }
          if (parts.length === 1) return void fates.set(context, { kind: 'attached', server: '' });
        }
        try {
          await node.attachPart(move.name, part);
          const server = servers[index] ?? '';
          fates.set(context, { kind: 'attached', server });
          log.info({ table: move.table, part, server }, 'late part brought back');
          return;
        } catch (error) {
          if (!(error instanceof GantryError) || error.code !== 'CLICKHOUSE_PART_NOT_FOUND') throw error;
        }
      }
      const { parts } = await cameSince(nodes[0], move, since);
      if (parts.length > 0 && context.attempt > 1) return void fates.set(context, { kind: 'attached', server: '' });
      fates.set(context, await whyNowhere(nodes, { move, part, lookedAt }));
    }),
});

/** No server has the part by its name: did its insert fail, or are its rows somewhere else? The replication log knows. */
async function whyNowhere(
  nodes: readonly [ClickHouseNode, ...ClickHouseNode[]],
  { move, part, lookedAt }: Pick<Back, 'move' | 'part' | 'lookedAt'>,
): Promise<Fate> {
  const partition = partitionOf(move);
  const [node] = nodes;
  const { from, parts } = await node.arrivals(partition, move.source.zookeeperPath);
  const { min, max } = blocksOfPart(part);
  const shown = (await Promise.all(nodes.map((one) => one.parts(move.name, move.partition)))).flat();
  if (shown.some(({ minBlock, maxBlock }) => minBlock <= min && max <= maxBlock)) return { kind: 'in sight' };
  const into = (await node.mergeEntries(partition, move.source.zookeeperPath))
    .map((merge) => merge.part)
    .filter((name) => blocksOfPart(name).min <= min && max <= blocksOfPart(name).max);
  const merged = into.length > 0;
  if (merged) {
    const why = `${part} was merged into ${[...new Set(into)].join(', ')} before the detach: its rows are in that part, in \`detached\` of the source`;
    return { kind: 'missing', why, merged };
  }
  if (parts.some((one) => one.part === part)) {
    const why = `${part} was inserted and acknowledged, and no server of the source has it in \`detached\` by that name`;
    return { kind: 'missing', why, merged };
  }
  if (from > lookedAt + 1) {
    const why = `no server has ${part} by that name, and the replication log no longer shows whether it was ever inserted`;
    return { kind: 'missing', why, merged };
  }
  return { kind: 'nowhere', server: '' };
}

async function rowsOf(node: ClickHouseNode, move: Move, part: string | undefined): Promise<number> {
  return (await node.parts(move.name, move.partition)).find(({ name }) => name === part)?.rows ?? 0;
}

/** An earlier attempt's attach is waited for and not stopped, for as long as this attempt may last: how it ends decides. */
async function attachEnded(node: ClickHouseNode, { unit, attempt, signal }: StepContext): Promise<void> {
  for (;;) {
    const mine = `${queryIdPrefix(unit)}${attempt}:`;
    if ((await node.running(unit)).every(({ queryId }) => queryId.startsWith(mine))) return;
    await wait(askEveryMs, signal);
  }
}
