import type { KeyReshardData } from '../../../src/runs/index.ts';
import { tableName } from '../../../src/runs/index.ts';
import { defineStep, done } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { tableOf, withServers } from '../access/access.ts';

/** Partitions that took rows within `closedAfter` and whose writers can be held: none where the fence is `quiet`. */
export const findOpen = defineStep<KeyReshardData, { open: readonly string[] }, ClickHouseDeps>({
  name: 'clickhouse.find-open',
  probe: async ({ cluster, table }, { clusters }, { signal }) => {
    const access = await clusters(cluster);
    const { fence, closedAfterMs } = tableOf(access, table);
    if (fence.kind === 'quiet') return done({ open: [] }, 'no writer can be held back');
    const names = access.config.nodes.map(({ name }) => name);
    const lists = await withServers(
      access,
      names,
      (nodes) => Promise.all(nodes.map((node) => node.partitions(tableName(table)))),
      { signal },
    );
    const quiet = new Map<string, number>();
    for (const { partitionId, ageSeconds } of lists.flat())
      quiet.set(partitionId, Math.min(quiet.get(partitionId) ?? Infinity, ageSeconds * 1_000));
    const open = [...quiet].flatMap(([id, ms]) => (ms < closedAfterMs ? [id] : [])).sort();
    return done({ open }, open.length > 0 ? `${open.join(', ')} took rows a moment ago` : 'no partition takes rows');
  },
});
