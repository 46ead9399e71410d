import type { ClickHouseMoveData } from '../../src/planning/clickhouse/index.ts';
import { planMove } from '../../src/planning/clickhouse/index.ts';
import type { ClickHouseSplitInput, PlanActivity } from '../../src/runs/index.ts';
import type { StepRuntime } from '../../src/steps/index.ts';
import { planningActivity } from '../run/planning-activity.ts';
import type { ClickHouseDeps } from './access.ts';
import { tableOf } from './access.ts';
import { keysOf } from './read-buckets.ts';
import { readMoveFacts } from './read-move-facts.ts';

/**
 * Reads both shards and plans the split of a partition: what forbids a move forbids it. Where programs hold the writers, they
 * are held before the first look, so that an open partition may be split too.
 * @throws CLICKHOUSE_NOT_KEY_SHARDED, and as `planMoveActivity` does
 */
export function planSplitActivity(
  { clusters }: ClickHouseDeps,
  runtime: StepRuntime,
): PlanActivity<ClickHouseSplitInput, ClickHouseMoveData> {
  return planningActivity(runtime, async ({ input }, signal) => {
    const access = await clusters(input.cluster);
    const config = tableOf(access, input.table);
    keysOf(config, input.table);
    const intent = config.fence.kind === 'quiet' ? config : { ...config, closedAfterMs: 0, underWrites: true };
    const planning = planMove(intent, await readMoveFacts(access, input, signal), input);
    if (!planning.ok) return planning;
    const { draft } = planning;
    const { from, to, partition, buckets } = input;
    const sources = [draft.data.source.server, ...draft.data.source.others].join(' and ');
    const final = (step: string, what: string) => ({ step, what, reversible: false });
    const split = draft.actions.flatMap((action) => {
      if (action.step === 'clickhouse.hold-ingest') return [];
      if (action.step !== 'clickhouse.copy') {
        if (action.step !== 'clickhouse.find-late-rows') return [action];
        return [final('clickhouse.give-own-back', `attach the rows that stay on ${sources}, in the same go`), action];
      }
      return [
        {
          ...action,
          step: 'clickhouse.fill-split',
          what: 'copy the rows that go, and beside the source those that stay',
        },
      ];
    });
    return {
      ok: true,
      draft: {
        ...draft,
        title: `move the rows of ${buckets.length} buckets of ${partition} from shard ${from} to shard ${to}`,
        actions: [
          {
            step: 'clickhouse.hold-ingest',
            what: `hold the writers of ${partition} back, or see that it has been quiet`,
            reversible: true,
          },
          ...split,
        ],
        irreversible: ['the cutover is the point of no return; going back is a reshard'],
        data: { ...draft.data, wayBack: 'reverse-move' },
      },
    };
  });
}
