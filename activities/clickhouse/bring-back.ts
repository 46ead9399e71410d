import type { ClickHouseNode } from '../../src/drivers/clickhouse/index.ts';
import { queryIdPrefix } from '../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { StepContext } from '../../src/steps/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../src/steps/index.ts';
import type { ClickHouseDeps } from './access.ts';
import type { LogMark } from './late-rows.ts';
import { cameSince } from './late-rows.ts';
import type { Move } from './move.ts';
import { withSide } from './move.ts';

/** One part; `since`: where the replication log stood before it. Parts are brought back one after the other. */
type Back = { move: Move; part: string; since: LogMark };
export type BroughtBack = { since: LogMark; rows: number; from: string };

/** What became of this attempt: the server that had the part; nobody; or that it can't be told. */
type Fate = { kind: 'attached' | 'nowhere' | 'unclear'; server: string };
const fates = new WeakMap<StepContext, Fate>();
const askEveryMs = 50;

/**
 * One late part becomes visible again at the source: it is attached by its name on the first server that has it, and on no
 * other, since several may. A server that has attached it has it no longer; whether a former attempt did that shows in the
 * replication log. A part that no server has was an insert that failed.
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
            ? `is ${part} attached? The replication log has forgotten what came since`
            : `is ${part} attached? Of the ${came.parts.length} parts that came since without a block's hash, one may be it`,
        );
      }
      if (fate.kind === 'nowhere') {
        return done({ since: came.now, rows: 0, from: '' }, `no server has ${part}: that insert failed`);
      }
      const rows = await rowsOf(node, move, came.parts.at(-1));
      return done({ since: came.now, rows, from: fate.server }, `${part} is attached: ${rows} rows are visible again`);
    }),
  apply: async ({ move, part, since }, _seen, { clusters, log }, context) =>
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
      fates.set(context, { kind: parts.length > 0 && context.attempt > 1 ? 'attached' : 'nowhere', server: '' });
    }),
});

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
