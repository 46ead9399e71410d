import { definePlan } from '../../../src/steps/index.ts';
import { planMove } from '../../../src/planning/clickhouse/index.ts';
import type { ActionOf, ClickHouseSplitInput, PlanCall } from '../../../src/runs/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { tableOf } from '../access/access.ts';
import { keysOf } from '../keys/buckets.ts';
import { readMoveFacts } from '../partition/read-facts.ts';

/**
 * Reads both shards and plans the split of a partition: what forbids a move forbids it. Where programs hold the writers, they
 * are held before the first look, so that an open partition may be split too.
 * @throws CLICKHOUSE_NOT_KEY_SHARDED, and every finding at once
 */
export const splitPlan = definePlan(
  'clickhouse.split',
  async ({ input }: PlanCall<ClickHouseSplitInput>, { clusters }: ClickHouseDeps, signal) => {
    const access = await clusters(input.cluster);
    const config = tableOf(access, input.table);
    keysOf(config, input.table);
    const intent = config.fence.kind === 'quiet' ? config : { ...config, closedAfterMs: 0, underWrites: true };
    const planning = planMove(intent, await readMoveFacts(access, input, signal), input);
    if (!planning.ok) return planning;
    const { draft } = planning;
    const { from, to, partition, buckets } = input;
    const sources = [draft.data.source.server, ...draft.data.source.others].join(' and ');
    const split = draft.actions.flatMap((action): ActionOf<'clickhouse.split'>[] => {
      const { step } = action;
      switch (step) {
        case 'clickhouse.hold-ingest':
          return [];
        case 'clickhouse.copy':
          return [
            {
              ...action,
              step: 'clickhouse.fill-split',
              what: 'copy the rows that go, and beside the source those that stay',
            },
          ];
        case 'clickhouse.verify-copy':
          return [{ ...action, step: 'clickhouse.verify-split' }];
        case 'clickhouse.find-late-rows': {
          const what = `attach the rows that stay on ${sources}, in the same go`;
          return [
            { step: 'clickhouse.give-own-back', what, reversible: false },
            { ...action, step },
          ];
        }
        default:
          return [{ ...action, step }];
      }
    });
    return {
      ok: true,
      draft: {
        ...draft,
        title: `move the rows of ${buckets.length} buckets of ${partition} from shard ${from} to shard ${to}`,
        actions: [
          {
            step: 'clickhouse.hold-ingest' as const,
            what: `hold the writers of ${partition} back, or see that it has been quiet`,
            reversible: true,
          },
          ...split,
        ],
        irreversible: ['the cutover is the point of no return; going back is a reshard'],
        data: { ...draft.data, wayBack: 'reverse-move' as const },
      },
    };
  },
);
