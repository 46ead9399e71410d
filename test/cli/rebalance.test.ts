import { describe, expect, test } from 'vitest';
import { columns } from '../../src/cli/render/paint.ts';
import { leftLines, moveLines, rebalanceLines, shareLines } from '../../src/cli/render/rebalance.ts';
import { bytes } from '../../src/cli/render/size.ts';
import { planRebalance } from '../../src/planning/clickhouse/index.ts';
import { cluster, GB, partition, planOf, policy, shard } from '../planning/clickhouse/facts.ts';

const plain = { color: false, width: 100, now: 0 };

const facts = cluster([
  shard('ch-1', [
    ...[60, 40, 30, 20].map((size, at) => partition(`2026010${at + 1}`, size * GB)),
    partition('20260301', 10 * GB, { open: true }),
  ]),
  shard('ch-2', [partition('20260103', 40 * GB)]),
]);
const plan = planOf(planRebalance(facts, policy));

describe('a plan of moves', () => {
  test('is a table in the order of the moves, with what each takes and whether it can be taken back', () => {
    expect(moveLines(plan.moves, plain)).toEqual([
      '#  FROM  TO    PARTITION  UNDO         ROWS  BYTES  TIER   STARTS       TAKES',
      '1  ch-1  ch-2  20260101   yes   600,000,000  60 GB  ssd   at once  10 min 5 s',
    ]);
  });

  test('shows each shard before and after, with its share as a mark', () => {
    expect(shareLines(plan.shares, plain)).toEqual([
      'ssd',
      '  ch-1  before  ███████████████████████████████|██████████████████  160 GB  +60 %',
      '        after   ███████████████████████████████|··················  100 GB  0 %',
      '  ch-2  before  ████████████▌··················|··················   40 GB  -60 %',
      '        after   ███████████████████████████████|··················  100 GB  0 %',
    ]);
  });

  test('says what stays and why, and sums up what merely is not needed', () => {
    expect(leftLines(plan.left, plain)).toEqual([
      'What stays:',
      '  - ch-1 ssd: 1 partition may still take rows: 20260301 is open on ch-1 (10 GB: 20260301)',
      '  - 4 other partitions (130 GB): the shares are met without them',
    ]);
  });

  test('begins with what it comes to', () => {
    expect(rebalanceLines(plan, plain).slice(0, 3)).toEqual([
      'Rebalance metrics.raw on metrics',
      '  1 partition (60 GB) moves in about 10 min',
      '  2 tiers of shards outside the limits before, 0 after',
    ]);
  });

  test('never draws the table or a bar wider than the terminal, colours or not', () => {
    for (const color of [true, false]) {
      for (const width of [40, 60, 200]) {
        const canvas = { ...plain, color, width };
        for (const line of [...moveLines(plan.moves, canvas), ...shareLines(plan.shares, canvas)]) {
          expect(columns(line)).toBeLessThanOrEqual(width);
        }
      }
    }
  });

  test('of very many moves shows the first and counts the rest', () => {
    const many = Array.from({ length: 100 }, (_, at) => ({ ...plan.moves[0]!, order: at + 1, bytes: GB }));
    const lines = moveLines(many, plain);
    expect(lines).toHaveLength(42);
    expect(lines.at(-1)).toBe('… and 60 more, 60 GB');
  });
});

test('a shard that is to be empty says so, and when it is', () => {
  const drained = cluster([shard('ch-1', [partition('a', GB)], { weight: 0 }), shard('ch-2', [partition('b', GB)])]);
  const lines = shareLines(planOf(planRebalance(drained, policy)).shares, plain);
  expect(lines[1]).toContain('1.0 GB  to be emptied');
  expect(lines[2]).toContain('0 B  empty');
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_500, '1.5 kB'],
  [999_600, '1.0 MB'],
  [113e6, '113 MB'],
  [1.24e12, '1.2 TB'],
  [-2e9, '-2.0 GB'],
])('%d bytes are %s', (size, words) => {
  expect(bytes(size)).toBe(words);
});
