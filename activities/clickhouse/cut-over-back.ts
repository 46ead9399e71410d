import type { ClickHouseNode } from '../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { StepContext } from '../../src/steps/index.ts';
import { wait } from '../../src/steps/index.ts';
import type { Cutover } from './cut-over-look.ts';
import { lookAtSourceOf, lookAtTargetOf } from './cut-over-look.ts';
import { hashedParts, partitionOf } from './move.ts';

const pollEveryMs = 20;
const backWithinMs = 20_000;

type Sides = {
  target: readonly [ClickHouseNode, ...ClickHouseNode[]];
  source: readonly [ClickHouseNode, ...ClickHouseNode[]];
};

/**
 * Takes a broken cutover back: first the source gets what it gave away, on the one server whose `detached` is used, then
 * the copy is dropped. Doubled for a moment rather than missing.
 * @throws UNDO_FAILED where the target has rows of its own, which a drop would take along
 */
export async function giveBack(cutover: Cutover, { target, source }: Sides, { signal }: StepContext): Promise<void> {
  const { move, own, copy, from } = cutover;
  const { attached } = await lookAtTargetOf(target[0], cutover);
  if (attached === 'no') return;
  const copied = new Set(copy.map(({ hash }) => hash));
  const now = await hashedParts(target[0], partitionOf(move));
  if (own.parts.length > 0 || now.some(({ hash }) => !copied.has(hash))) {
    const message = `the target has rows of ${move.partition} of its own: the copy can't be dropped without them`;
    throw new GantryError('UNDO_FAILED', message, { evidence: { attached, own: own.parts.length, now: now.length } });
  }
  const { detached } = await lookAtSourceOf(source[0], cutover);
  // A second ATTACH on the same server finds nothing left to attach.
  if (detached === 'yes') await source[0].attachPartition(partitionOf(move));
  const rows = cutover.source.parts.reduce((sum, part) => sum + part.rows, 0);
  await until(source, signal, async (node) => (await rowsOf(node, cutover)) >= rows);
  // What the target had detached before is the only way back that there is: it is detached again.
  if (from === 'detached') await target[0].detachPartition(partitionOf(move), 'nobody');
  else await target[0].dropPartition(partitionOf(move), 'nobody');
  await until(target, signal, async (node) => (await rowsOf(node, cutover)) === 0);
}

async function rowsOf(node: ClickHouseNode, { move }: Cutover): Promise<number> {
  return (await node.parts(move.name, move.partition)).reduce((sum, part) => sum + part.rows, 0);
}

async function until(
  nodes: readonly ClickHouseNode[],
  signal: AbortSignal,
  holds: (node: ClickHouseNode) => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + backWithinMs;
  for (const node of nodes) {
    while (!(await holds(node))) {
      if (performance.now() > deadline) {
        const where = `${node.endpoint.host}:${node.endpoint.port}`;
        throw new GantryError('CLICKHOUSE_REPLICA_BEHIND', `${where} does not show the partition as it was`);
      }
      await wait(pollEveryMs, signal);
    }
  }
}
