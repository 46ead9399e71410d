// A process of its own, so that its peak of memory is the planner's and that of nothing else: prints one line of JSON.
import { planRebalance } from '../../../../src/planning/clickhouse/index.ts';
import type { RebalanceFacts, ShardFacts } from '../../../../src/planning/clickhouse/index.ts';
import { cluster, GB, partition, planOf, policy, shard } from '../facts.ts';
import { dice } from './random-cluster.ts';

/** What `scale-main.ts` prints. */
export type ScaleReading = {
  wallMs: number;
  cpuMs: number;
  peakMb: number;
  moves: number;
  movedGb: number;
  balanced: boolean;
};

function huge(shards: number, partitions: number): RebalanceFacts {
  const roll = dice(7);
  return cluster(
    Array.from({ length: shards }, (_, at): ShardFacts => {
      const speed = 0.5 + roll();
      return shard(
        `ch-${String(at + 1).padStart(2, '0')}`,
        Array.from({ length: partitions }, (_unused, id) =>
          partition(String(20_000_000 + id), Math.round(0.1 * GB * speed * (0.2 + roll())), {
            tier: id * 2 < partitions ? 'hdd' : 'ssd',
            heat: Math.round(100 * roll()),
          }),
        ),
        { tiers: ['hdd', 'ssd'] },
      );
    }),
  );
}

const facts = huge(50, 10_000);
const cpu = process.cpuUsage();
const started = performance.now();
const plan = planOf(planRebalance(facts, policy));
const reading: ScaleReading = {
  wallMs: Math.round(performance.now() - started),
  cpuMs: Math.round(process.cpuUsage(cpu).user / 1_000),
  peakMb: Math.round(process.resourceUsage().maxRSS / 1_024),
  moves: plan.moves.length,
  movedGb: Math.round(plan.movedBytes / GB),
  balanced: plan.balanced,
};
process.stdout.write(`${JSON.stringify(reading)}\n`);
