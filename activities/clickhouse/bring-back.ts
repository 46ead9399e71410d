import type { ClickHouseNode } from '../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { StepContext } from '../../src/steps/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../src/steps/index.ts';
import type { ClickHouseDeps } from './access.ts';
import type { LogMark } from './late-rows.ts';
import { attachSince } from './late-rows.ts';
import type { Move } from './move.ts';
import { withSide } from './move.ts';

/** One part; `since`: where the replication log stood before it. Parts are brought back one after the other. */
type Back = { move: Move; part: string; since: LogMark };
export type BroughtBack = { since: LogMark; rows: number; from: string };

/** On which server this attempt found the part; empty: on none. */
const found = new WeakMap<StepContext, string>();
const askEveryMs = 50;

/**
 * One late part becomes visible again at the source: it is attached by its name on the first server that has it, and on no
 * other, since several may. Whether a former attempt has done it shows in the replication log; a part that no server has
 * was an insert that failed.
 */
export const bringBack = defineStep<Back, BroughtBack, ClickHouseDeps>({
  name: 'clickhouse.bring-back',
  settleMs: 2_000,
  probe: async ({ move, part, since }, { clusters }, context) =>
    withSide(await clusters(move.cluster), move.source, context, async ([node]) => {
      const attach = await attachSince(node, move, since);
      const from = found.get(context);
      const rows = attach.part ? await rowsOf(node, move, attach.part) : 0;
      const seen = { since: attach.now, rows, from: from ?? '' };
      if (attach.part) return done(seen, `${part} is attached: ${rows} rows are visible again`);
      if (from) return done(seen, `${part} is attached`);
      if (attach.unknown) {
        return blocked(
          'CLICKHOUSE_LATE_ROWS_UNCLEAR',
          seen,
          `is ${part} attached? The replication log has forgotten it`,
        );
      }
      if (from === '') return done(seen, `no server has ${part}: that insert failed`);
      return todo(seen, `${part} is detached`);
    }),
  apply: async ({ move, part, since }, _seen, { clusters, log }, context) =>
    withSide(await clusters(move.cluster), move.source, context, async (nodes) => {
      const [pinned] = nodes;
      for (const [index, node] of nodes.entries()) {
        await earlierEnded(node, context);
        // An earlier attempt's attach may have ended just now; then its part is missing here, and must not come from a sibling.
        const earlier = await attachSince(pinned, move, since);
        if (earlier.part || earlier.unknown) return;
        try {
          await node.attachPart(move.name, part);
          const server = [move.source.server, ...move.source.others][index] ?? '';
          found.set(context, server);
          log.info({ table: move.table, part, server }, 'late part brought back');
          return;
        } catch (error) {
          if (!(error instanceof GantryError) || error.code !== 'CLICKHOUSE_PART_NOT_FOUND') throw error;
        }
      }
      found.set(context, '');
    }),
});

async function rowsOf(node: ClickHouseNode, move: Move, part: string): Promise<number> {
  return (await node.parts(move.name, move.partition)).find(({ name }) => name === part)?.rows ?? 0;
}

async function earlierEnded(node: ClickHouseNode, { unit, attempt, signal }: StepContext): Promise<void> {
  for (;;) {
    const mine = `gantry:${unit}:${attempt}:`;
    if ((await node.running(unit)).every(({ queryId }) => queryId.startsWith(mine))) return;
    await wait(askEveryMs, signal);
  }
}
