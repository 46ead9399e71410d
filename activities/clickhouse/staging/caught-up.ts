import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { wait } from '../../../src/steps/index.ts';
import type { ManifestPart, Move } from '../partition/move.ts';
import { hashedParts, sameHashes, stagedPartition } from '../partition/move.ts';

const pollEveryMs = 100;

/** How long a replica may take to fetch the copy from the other one. */
const catchUpMs = 30 * 60_000;

/** Waits until a replica's staging table has these parts. @throws CLICKHOUSE_REPLICA_BEHIND */
export async function caughtUp(
  node: ClickHouseNode,
  move: Move,
  wanted: readonly ManifestPart[],
  { signal }: StepContext,
): Promise<void> {
  const deadline = performance.now() + catchUpMs;
  while (!sameHashes(await hashedParts(node, stagedPartition(move)), wanted)) {
    if (performance.now() > deadline) {
      const where = `${node.endpoint.host}:${node.endpoint.port}`;
      throw new GantryError('CLICKHOUSE_REPLICA_BEHIND', `${where} has not fetched ${move.staging} from its sibling`);
    }
    await wait(pollEveryMs, signal);
  }
}
