import { expect, test } from 'vitest';
import { planRebalance } from '../../../src/planning/clickhouse/index.ts';
import type { RebalanceFacts, ShardFacts } from '../../../src/planning/clickhouse/index.ts';
import { cluster, GB, partition, planOf, policy, say, shard } from './facts.ts';
import { dice } from './random-cluster.ts';

test('50 shards of 10,000 partitions each are planned in less than 2 s of a core and 500 MB', () => {
  const facts = huge(50, 10_000);
  const cpu = process.cpuUsage();
  const started = performance.now();
  const plan = planOf(planRebalance(facts, policy));
  const wallMs = Math.round(performance.now() - started);
  const cpuMs = Math.round(process.cpuUsage(cpu).user / 1_000);
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1_024);
  say(
    `500,000 partitions: ${wallMs} ms (${cpuMs} ms of processor), ${peakMb} MB at most in the whole process; ${plan.moves.length} moves, ${Math.round(plan.movedBytes / GB)} GB`,
  );
  expect(plan.balanced).toBe(true);
  // The aim is 2 s on a machine with nothing else to do. Where others share its cores the wall clock measures them, and
  // the processor's time grows as well, with the caches that they take: hence the factor.
  expect(cpuMs).toBeLessThan(4 * 2_000);
  expect(process.resourceUsage().maxRSS / 1_024).toBeLessThan(500);
});

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
