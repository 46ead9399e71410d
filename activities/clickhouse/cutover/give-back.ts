import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { wait } from '../../../src/steps/index.ts';
import type { Cutover } from './read.ts';
import { hasAllMoved, readSourceOf, readTargetOf } from './read.ts';
import { hashedParts, partitionOf } from '../partition/move.ts';
import { cameTo } from '../partition/quiesce.ts';

const pollEveryMs = 20;
const backWithinMs = 20_000;

type Sides = {
  target: readonly [ClickHouseNode, ...ClickHouseNode[]];
  source: readonly [ClickHouseNode, ...ClickHouseNode[]];
};

/**
 * Takes a broken cutover back: first the source gets what it gave away, on the one server whose `detached` is used, then
 * the copy is detached. Doubled for a moment rather than missing.
 * @throws UNDO_FAILED where the target has rows of its own, which a detach would take along
 */
export async function giveBack(cutover: Cutover, { target, source }: Sides, { signal }: StepContext): Promise<void> {
  const { move, own, copy, from } = cutover;
  const { attached } = await readTargetOf(target[0], cutover);
  const now = await hashedParts(target[0], partitionOf(move));
  // Of what was detached a part may be attached: that is not nothing.
  if (attached === 'no' && (from === 'staging' || now.every(({ name }) => own.parts.includes(name)))) return;
  const copied = new Set(copy.map(({ hash }) => hash));
  const mustBeCopy = (parts: readonly { hash: string }[]): void => {
    if (own.parts.length === 0 && parts.every(({ hash }) => copied.has(hash))) return;
    const message = `the target has rows of ${move.partition} of its own: the copy can't be taken away without them`;
    throw new GantryError('UNDO_FAILED', message, { evidence: { attached, own: own.parts.length, now: parts.length } });
  };
  mustBeCopy(now);
  const { detached } = await readSourceOf(source[0], cutover);
  // Part by part: one that was cut off has left a rest. A second ATTACH on the same server finds nothing else to attach.
  const isBack = hasAllMoved(await hashedParts(source[0], partitionOf(move)), cutover);
  const wasDetached = detached !== 'no';
  if (wasDetached && !isBack) await source[0].attachPartition(partitionOf(move));
  const rows = cutover.source.parts.reduce((sum, part) => sum + part.rows, 0);
  await until(source, signal, async (node) => (await rowsOf(node, cutover)) >= rows);
  mustBeCopy(await hashedParts(target[0], partitionOf(move)));
  // Never dropped: a row that came within this moment is in `detached` then, and what the target had there is its undo.
  await target[0].detachPartition(partitionOf(move), 'nobody');
  await until(target, signal, async (node) => (await rowsOf(node, cutover)) === 0);
  const came = wasDetached ? await cameTo(move.source, cutover.quiet.source, source[0]) : undefined;
  if (!came || came.mutations.length === 0) return;
  // What is attached again gets numbers above the mutation's: it is not rewritten.
  const message = `the source has its rows back, but a mutation that came meanwhile has not rewritten them: ${came.words}`;
  throw new GantryError('CLICKHOUSE_MUTATION_MISSED', message);
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
