import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { queryIdPrefix } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { wait } from '../../../src/steps/index.ts';

const askEveryMs = 100;
/** How long a statement that was told to stop may go on. */
const stopWithinMs = 30_000;

/**
 * A statement goes on when its client is gone: what an earlier attempt still runs is told to stop, and must have ended before
 * its result is looked at. @throws CLICKHOUSE_QUERY_RUNNING
 */
export async function earlierEnded(node: ClickHouseNode, { unit, attempt, signal }: StepContext): Promise<void> {
  const deadline = performance.now() + stopWithinMs;
  for (;;) {
    const mine = `${queryIdPrefix(unit)}${attempt}:`;
    const earlier = (await node.running(unit)).filter(({ queryId }) => !queryId.startsWith(mine));
    if (earlier.length === 0) return;
    if (performance.now() > deadline) {
      const statement = earlier[0]?.statement ?? '';
      throw new GantryError('CLICKHOUSE_QUERY_RUNNING', `an earlier attempt still runs: ${statement}`);
    }
    await node.killEarlier();
    await wait(askEveryMs, signal);
  }
}
