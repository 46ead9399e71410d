import type { ClickHouseNode } from '../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { StepContext } from '../../src/steps/index.ts';
import { defineStep, done, todo, wait } from '../../src/steps/index.ts';
import type { ClickHouseDeps } from './access.ts';
import { attachesSince } from './late-rows.ts';
import type { Move } from './move.ts';
import { partitionOf, withSide } from './move.ts';

/** One part; `attached`: how many attaches the log had before it. Parts are brought back one after the other. */
type Back = { move: Move; part: string; attached: number; upTo: number };
export type BroughtBack = { attached: number; rows: number; from: string };

/** On which server this attempt found the part; empty: on none. */
const found = new WeakMap<StepContext, string>();
const askEveryMs = 50;

/**
 * One late part becomes visible again at the source: it is attached by its name on the first server that has it, and on no
 * other, since several may. Whether a former attempt has done it shows in the replication log, which counts attaches; a
 * part that no server has was an insert that failed.
 */
export const bringBack = defineStep<Back, BroughtBack, ClickHouseDeps>({
  name: 'clickhouse.bring-back',
  settleMs: 2_000,
  probe: async ({ move, part, attached, upTo }, { clusters }, context) =>
    withSide(await clusters(move.cluster), move.source, context, async ([node]) => {
      const now = await attachesSince(node, move, upTo);
      const from = found.get(context);
      const rows = now > attached ? await lastRows(node, move) : 0;
      const seen = { attached: now, rows, from: from ?? '' };
      if (now > attached) return done(seen, `${part} is attached: ${rows} rows are visible again`);
      if (from === '') return done(seen, `no server has ${part}: that insert failed`);
      return todo(seen, `${part} is detached`);
    }),
  apply: async ({ move, part, attached, upTo }, _seen, { clusters, log }, context) =>
    withSide(await clusters(move.cluster), move.source, context, async (nodes) => {
      const [pinned] = nodes;
      for (const [index, node] of nodes.entries()) {
        await earlierEnded(node, context);
        // An earlier attempt's attach may have ended just now; then its part is missing here, and must not come from a sibling.
        if ((await attachesSince(pinned, move, upTo)) > attached) return;
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

/** Rows of the part that came last: block numbers only grow. */
async function lastRows(node: ClickHouseNode, move: Move): Promise<number> {
  const arrivals = await node.arrivals(partitionOf(move), move.source.zookeeperPath);
  const last = arrivals.filter(({ block }) => block === '').at(-1)?.part;
  return (await node.parts(move.name, move.partition)).find(({ name }) => name === last)?.rows ?? 0;
}

async function earlierEnded(node: ClickHouseNode, { unit, attempt, signal }: StepContext): Promise<void> {
  for (;;) {
    const mine = `gantry:${unit}:${attempt}:`;
    if ((await node.running(unit)).every(({ queryId }) => queryId.startsWith(mine))) return;
    await wait(askEveryMs, signal);
  }
}
