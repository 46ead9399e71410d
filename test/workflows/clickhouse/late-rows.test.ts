import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pause, until } from '../../../lab/clock.ts';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import { rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith } from '../../support/lab.ts';
import { reportOfRun } from '../../support/move-rig.ts';
import { day, moveScene, partition, seededBlocks } from '../../support/move-scene.ts';
import { useTemporal } from '../../support/temporal.ts';

/** A sample; `make test-all` makes the whole of it (test/long). */
const rounds = Number(process.env['GANTRY_LATE_ROUNDS'] ?? 3);

await describeWith(['temporal', 'clickhouse'], 'rows that come between the last look and the detach', () => {
  const server = useTemporal();
  const lab = clickhouseRig();

  test(
    `are visible afterwards, each once: acknowledged = visible in ${rounds} rounds`,
    async () => {
      let writing = false;
      const set = await moveScene(lab, server(), {
        // The log forgets entries all the time, as a busy table's does: it once made a run attach a row a second time. It keeps
        // enough for one cutover of a slow machine: of what it has forgotten itself, a run asks a person.
        tableSettings: 'cleanup_delay_period = 1, min_replicated_logs_to_keep = 40',
        before: async (call) => {
          if (call === 'clickhouse.attachPartitionFrom') writing = true;
          if (call === 'clickhouse.dropRanges') writing = false;
        },
      });
      const { rig, full } = set;
      let acked = 0;
      let sent = 0;
      let late = 0;
      /**
       * Both source servers take inserts for as long as the cutover takes, ever fewer: each of them is a step of the run, and
       * a machine that is slow at one would have more of them too.
       */
      const writer = async (node: string, round: number, over: AbortSignal): Promise<void> => {
        for (let written = 0; !over.aborted;) {
          await pause(writing ? 4 * written : 2);
          if (writing) {
            sent += 1;
            written += 1;
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
    rounds * 600_000,
  );

  const late = (id: number): string => `VALUES ('${day}', 1, ${id}, 1, NULL)`;
  const seenOn = async (node: string, full: string): Promise<string> =>
    lab.run(node, `SELECT id, count() FROM ${full} WHERE day = '${day}' AND id >= 900000000 GROUP BY id ORDER BY id`);
  /** The part that the detach took last, by its name. */
  const lastDetached = (node: string, full: string): string => {
    const folder = `${lab.cluster.node(node).dataDir}/data/${full.replace('.', '/')}/detached`;
    const numbers = readdirSync(folder).map((name) => Number(/^\d+_(\d+)_\d+_0$/.exec(name)?.[1] ?? -1));
    const number = Math.max(...numbers);
    return `${partition}_${number}_${number}_0`;
  };

  test('are not attached once more from a sibling where the answer of an attach was lost', async () => {
    const happens = { late: false, cut: false };
    const set = await moveScene(lab, server(), {
      before: async (call) => {
        if (call === 'clickhouse.detachPartition' && !happens.late) {
          happens.late = true;
          await lab.run('s1r1', `INSERT INTO ${set.full} ${late(900_000_001)}`);
          await until(async () => (await seenOn('s1r2', set.full)) !== '', 10_000, 20);
        }
        if (call !== 'clickhouse.attachPart' || happens.cut) return;
        happens.cut = true;
        await lab.run('s1r1', `ALTER TABLE ${set.full} ATTACH PART '${lastDetached('s1r1', set.full)}'`);
        throw new GantryError('CLICKHOUSE_UNREACHABLE', 'the connection is gone');
      },
    });
    const report = await reportOfRun(await set.rig.move(partition, 1, 2));
    expect(report).toMatchObject({ outcome: 'done', measurements: { lateRows: 1 } });
    expect(happens).toEqual({ late: true, cut: true });
    expect([await seenOn('s1r1', set.full), await seenOn('s2r1', set.full)]).toEqual(['900000001\t1\n', '']);
  });

  test('are a person’s where one server alone has them, and rows came that look like an attach', async () => {
    const happens = { late: false, came: false };
    const set = await moveScene(lab, server(), {
      before: async (call) => {
        if (call === 'clickhouse.detachPartition' && !happens.late) {
          happens.late = true;
          await lab.run('s1r1', `SYSTEM STOP FETCHES ${set.full}`);
          await lab.run('s1r2', `INSERT INTO ${set.full} ${late(900_000_001)}`);
        }
        if (call === 'clickhouse.dropRanges') await lab.run('s1r1', `SYSTEM START FETCHES ${set.full}`);
        if (call !== 'clickhouse.attachPart' || happens.came) return;
        happens.came = true;
        // As a materialized view inserts.
        const settings = { insert_deduplicate: 0 };
        await clickhouseCall(lab.cluster.node('s1r1'), `INSERT INTO ${set.full} ${late(900_000_002)}`, { settings });
      },
    });
    const run = await set.rig.move(partition, 1, 2);
    const status = await set.rig.reaches(run, 'parked');
    expect(status.parked?.trouble.code).toBe('CLICKHOUSE_LATE_ROWS_UNCLEAR');
    await lab.run('s1r2', `ALTER TABLE ${set.full} ATTACH PART '${lastDetached('s1r2', set.full)}'`);
    await set.rig.tell(run, 'resolve', { action: 'skip', acceptedRisk: 'attached on s1r2 by hand' });
    expect((await reportOfRun(run)).outcome).toBe('done');
    const both = '900000001\t1\n900000002\t1\n';
    expect(await until(async () => (await seenOn('s1r1', set.full)) === both, 10_000)).toBe(true);
    expect(await seenOn('s2r1', set.full)).toBe('');
  });
});
