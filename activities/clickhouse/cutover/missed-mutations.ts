import type { MutationEntry } from '../../../src/drivers/clickhouse/index.ts';
import type { MovedBlocks } from '../../../src/runs/index.ts';
import { shardName } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import type { Cutover } from './read.ts';
import { noneOpen } from './late-rows.ts';
import { partitionOf, withSide } from '../partition/move.ts';
import { cameTo, mutationInWords } from '../partition/quiesce.ts';

/**
 * Mutations that came since the rows of a move were digested. `missed`: they took their place before the rows that were moved got
 * their new one, so that nothing rewrites these. `later`: of the target, for which what was attached is a part like any other.
 */
export type MutationsSince = { missed: readonly string[]; later: readonly string[] };

type Given = Pick<Cutover, 'move' | 'quiet'> & { blocks?: MovedBlocks; upTo?: number; again?: boolean };

/**
 * A mutation takes a block number in each partition and rewrites the parts below it: so numbers say which came first. One that was
 * missed counts as caught up with once the same command is a later mutation of the target, and of the source where that has
 * attached rows again since the detach (`again`).
 */
export async function mutationsSince(
  access: ClickHouseClusterAccess,
  { move, quiet, blocks, upTo = Infinity, again = false }: Given,
  context: StepContext,
): Promise<MutationsSince> {
  const { partition } = move;
  const target = await withSide(access, move.target, context, async ([node]) => {
    if (blocks) await noneOpen(node, partitionOf(move), move.target.zookeeperPath, blocks.to, context);
    return (await cameTo(move.target, quiet.target, node))?.mutations ?? [];
  });
  const source = await withSide(access, move.source, context, async ([node]) => {
    return (await cameTo(move.source, quiet.source, node))?.mutations ?? [];
  });
  const after = ({ blocks: numbers }: MutationEntry): boolean => {
    const number = numbers[partition];
    return blocks !== undefined && number !== undefined && number > blocks.to;
  };
  const later = target.filter(after);
  const ofSource = (entry: MutationEntry): number => entry.blocks[partition] ?? Infinity;
  const isIn = (list: readonly MutationEntry[], { command }: MutationEntry): boolean =>
    list.some((one) => one.command === command);
  const stays = source.filter((entry) => ofSource(entry) > upTo);
  const words = (shard: number, entry: MutationEntry): string => `${mutationInWords(entry)} on ${shardName(shard)}`;
  return {
    missed: [
      ...target.filter((entry) => !after(entry) && !isIn(later, entry)).map((entry) => words(move.target.shard, entry)),
      ...source
        .filter((entry) => ofSource(entry) <= upTo)
        .filter((entry) => !isIn(later, entry) || (again && !isIn(stays, entry)))
        .map((entry) => words(move.source.shard, entry)),
    ],
    later: later.map((entry) => words(move.target.shard, entry)),
  };
}
