import { expect, test } from 'vitest';
import type { ClickHouseMoveResult } from '../../bench/clickhouse/move.ts';
import { bench, foldersOf } from '../bench/run-bench.ts';
import { describeWith } from '../support/lab.ts';

// In `make test-all`, by itself: what the scripts lose depends on what comes between their statements, and when.
await describeWith(['temporal', 'clickhouse'], 'the bench clickhouse-move', () => {
  test(
    'by Gantry nothing is lost, doubled or left wrong, late rows and a kill included; the scripts lose and double',
    { timeout: 1_800_000 },
    async () => {
      const { child, ended } = bench('clickhouse-move', '--quick', '--json');
      const { code, stdout, stderr } = await ended;
      expect(code, stderr).toBe(0);
      expect(stdout.trim().split('\n')).toHaveLength(1);
      const result = JSON.parse(stdout) as ClickHouseMoveResult;
      const { undisturbed, lateRows, killed } = result;
      expect(result).toMatchObject({ bench: 'clickhouse-move', quick: true });
      for (const { gantry } of [undisturbed, lateRows, killed]) {
        expect(gantry).toMatchObject({ moves: 1, lost: 0, doubled: 0, leftWrong: 0, unfinished: 0 });
      }
      expect(lateRows.gantryQuiet).toMatchObject({ lost: 0, doubled: 0, leftWrong: 0 });
      for (const { transferMbPerS, endToEndMbPerS } of Object.values(undisturbed)) {
        expect(transferMbPerS).toBeGreaterThan(0);
        expect(endToEndMbPerS).toBeGreaterThan(0);
      }
      // One late block after each statement but the last: the drop takes them along.
      expect(lateRows.fetchAttachDrop).toMatchObject({ lost: 2_000, leftWrong: 1 });
      expect(lateRows.insertSelect).toMatchObject({ lost: 1_000, leftWrong: 1 });
      expect(killed.fetchAttachDrop).toMatchObject({ doubled: result.rowsPerMove.otherwise, leftWrong: 1 });
      // Killed between attach and detach: wrong until somebody else takes over, which is not before the heartbeat timeout.
      expect(killed.gantry.rightAgainMs).toBeGreaterThan(0);
      expect(foldersOf(child)).toEqual([]);
    },
  );
});
