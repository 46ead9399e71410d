import { expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import { rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith } from '../../support/lab.ts';
import { reportOfRun } from '../../support/move-rig.ts';
import { day, moveScene, partition, seededBlocks } from '../../support/move-scene.ts';
import { useTemporal } from '../../support/temporal.ts';

/** A sample; `GANTRY_LATE_ROUNDS=100` makes the whole of it. */
const rounds = Number(process.env['GANTRY_LATE_ROUNDS'] ?? 3);

await describeWith(['temporal', 'clickhouse'], 'rows that come between the last look and the detach', () => {
  const server = useTemporal();
  const lab = clickhouseRig();

  test(
    `are visible afterwards, each once: acknowledged = visible in ${rounds} rounds`,
    async () => {
      let writing = false;
      const set = await moveScene(lab, server(), {
        // The log forgets entries all the time, as a busy table's does: it once made a run attach a row a second time.
        tableSettings: 'cleanup_delay_period = 1, min_replicated_logs_to_keep = 10',
        before: async (call) => {
          if (call === 'clickhouse.attachPartitionFrom') writing = true;
          if (call === 'clickhouse.dropRanges') writing = false;
        },
      });
      const { rig, full } = set;
      let acked = 0;
      let sent = 0;
      let late = 0;
      /** Both source servers take inserts for as long as the cutover takes. */
      const writer = async (node: string, round: number, over: AbortSignal): Promise<void> => {
        while (!over.aborted) {
          if (!writing) await new Promise((resolve) => setTimeout(resolve, 2));
          else {
            sent += 1;
            await lab.run(node, `INSERT INTO ${full} VALUES ('${day}', ${round}, ${900_000_000 + sent}, 1, NULL)`);
            acked += 1;
          }
        }
      };
      const counts = async (): Promise<{ rows: number; distinct: number }[]> =>
        Promise.all(
          [0, 1, 2, 3].map(async (pair) => {
            const [one, two] = [`s1r${1 + (pair % 2)}`, `s2r${1 + (pair >> 1)}`];
            const ids = async (node: string): Promise<string[]> => {
              const text = await lab.run(node, `SELECT id FROM ${full} WHERE day = '${day}' AND id >= 900000000`);
              return text.split('\n').filter(Boolean);
            };
            const all = [...(await ids(one)), ...(await ids(two))];
            return { rows: all.length, distinct: new Set(all).size };
          }),
        );
      for (let round = 1; round <= rounds; round += 1) {
        const over = new AbortController();
        const writers = ['s1r1', 's1r2'].map((node) => writer(node, round, over.signal));
        const report = await reportOfRun(await rig.move(partition, 1, 2));
        over.abort();
        writing = false;
        await Promise.all(writers);
        expect(report.outcome).toBe('done');
        late += report.measurements['lateRows'] ?? 0;
        const settled = await until(
          async () => (await counts()).every(({ rows, distinct }) => rows === acked && distinct === acked),
          20_000,
          100,
        );
        if (!settled) expect({ round, acked, seen: await counts() }).toEqual({ round, acked, seen: [] });
        // The next round's partition, moved away with what came late; what is detached would be in its way.
        set.emptyDetached(1);
      }
      const [, , s2r1] = await set.rows();
      expect(s2r1).toBeGreaterThanOrEqual(seededBlocks * rowsPerBlock);
      expect(late).toBeGreaterThan(0);
    },
    rounds * 60_000,
  );
});
