import type { ClickHouseMoveInput, RunInput } from '../../../src/runs/index.ts';
import { shardName } from '../../../src/runs/index.ts';
import type { ChildSpec } from '../../run/children.ts';
import { onBehalf } from '../../run/on-behalf.ts';

/** The run of one move under the run that holds the table: asked for by the same person, for the same reason. */
export function moveRun(
  parent: RunInput,
  move: Omit<ClickHouseMoveInput, keyof RunInput>,
  wave = 1,
): ChildSpec<'clickhouse.move'> {
  const [from, to] = [shardName(move.from), shardName(move.to)];
  const input: ClickHouseMoveInput = {
    ...move,
    ...onBehalf(parent),
  };
  return {
    title: `move ${move.partition} from ${from} to ${to}`,
    kind: 'clickhouse.move',
    input,
    wave,
    // A move stops the merges of the table on both of its shards, and starts them when it ends: another one's too.
    alone: [from, to],
  };
}
