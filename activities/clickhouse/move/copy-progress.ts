import type { ClickHouseNode, FetchUnderWay, TableName } from '../../../src/drivers/clickhouse/index.ts';
import type { CopyProgress } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { wait } from '../../../src/steps/index.ts';

const everyMs = 1_000;

/**
 * Tells in the heartbeat how far a fetch is while it runs: for those who watch, nothing is decided by it. Where the server
 * can't say, only for how long.
 */
export async function tellingProgress(
  node: Pick<ClickHouseNode, 'fetches'>,
  into: TableName,
  bytes: number,
  context: Pick<StepContext, 'progress'>,
  fetch: () => Promise<void>,
): Promise<void> {
  const startedAt = performance.now();
  const ended = new AbortController();
  const parts = new Map<string, FetchUnderWay>();
  const tell = (fetchedBytes?: number): void =>
    context.progress({
      ...{ bytes, ms: Math.round(performance.now() - startedAt) },
      ...(fetchedBytes === undefined ? {} : { fetchedBytes: Math.min(bytes, fetchedBytes) }),
    } satisfies CopyProgress);
  const watch = async (): Promise<void> => {
    let says = true;
    for (;;) {
      const under: readonly FetchUnderWay[] | undefined = says ? await node.fetches(into) : undefined;
      says = under !== undefined;
      tell(under && soFar(parts, under));
      await wait(everyMs, ended.signal);
    }
  };
  tell();
  // What can't be asked is not told; the fetch itself says what is wrong.
  const watched = watch().catch(() => undefined);
  try {
    await fetch();
  } finally {
    ended.abort();
    await watched;
  }
}

/** Parts are fetched one after the other: one that was seen and is gone is there whole. */
function soFar(parts: Map<string, FetchUnderWay>, under: readonly FetchUnderWay[]): number {
  const now = new Set(under.map(({ part }) => part));
  for (const one of under) parts.set(one.part, one);
  return [...parts.values()].reduce((sum, { part, bytesRead, bytes }) => sum + (now.has(part) ? bytesRead : bytes), 0);
}
