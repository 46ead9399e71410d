import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { wait } from '../../../src/steps/index.ts';
import type { Cutover } from './read.ts';
import { readTargetOf } from './read.ts';

/** A copy that has been attached, and what was there before it. */
type Attached = Omit<Cutover, 'source' | 'quiet'>;

const pollEveryMs = 5;

/**
 * Waits until each server shows the rows that one of them has attached: a reader of a sibling would miss them once they are
 * nowhere else. @throws CLICKHOUSE_REPLICA_BEHIND
 */
export async function shownOnAll(
  nodes: readonly ClickHouseNode[],
  attached: Attached,
  withinMs: number,
  { signal }: StepContext,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  await Promise.all(
    nodes.map(async (node) => {
      while (!(await shows(node, attached))) {
        if (performance.now() > deadline) {
          const where = `${node.endpoint.host}:${node.endpoint.port}`;
          throw new GantryError('CLICKHOUSE_REPLICA_BEHIND', `${where} does not show what was attached`);
        }
        await wait(pollEveryMs, signal);
      }
    }),
  );
}

/** Told by the rows of the parts, which is quick; by a digest only where a restarted server has merged them since. */
async function shows(node: ClickHouseNode, attached: Attached): Promise<boolean> {
  const { move, copy, own } = attached;
  const ours = new Set(own.parts);
  const came = (await node.parts(move.name, move.partition)).filter(({ name }) => !ours.has(name));
  const left = came.map(({ rows }) => rows);
  const all = copy.every(({ rows }) => {
    const at = left.indexOf(rows);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
  if (all) return true;
  const sum = (parts: readonly { rows: number }[]): number => parts.reduce((total, { rows }) => total + rows, 0);
  if (sum(came) < sum(copy) || came.every(({ level }) => level === 0)) return false;
  return (await readTargetOf(node, attached)).attached === 'yes';
}
