import { pause } from '../../../lab/clock.ts';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import { one } from '../clickhouse/look.ts';
import type { RestoreScene } from './parts.ts';
import { days, events, rowsOfDay } from './parts.ts';

/** Clients that come back as soon as they find their data, and know what was acknowledged to them. */
export type ClientsAfter = {
  /** Ends them and looks for every acknowledged write. */
  stop: () => Promise<{ acked: number; lost: number }>;
};

const everyMs = 50;
/** A day that no backup has. */
const today = '2020-02-01';
const full = `${events.database}.${events.table}`;

/** Writes one row and one key at a time. A second promotion would take them away, or stand still over them. */
export function startClients({ production, primary }: RestoreScene): ClientsAfter {
  let [ended, rows, keys] = [false, 0, 0];
  const insert = async (): Promise<void> => {
    const beside = `SELECT count() FROM system.tables WHERE name LIKE '%\\\\_\\\\_restore\\\\_%'`;
    if ((await one(production, `EXISTS TABLE ${full}`)) === 0 || (await one(production, beside)) > 0) return;
    if ((await one(production, `SELECT count() FROM ${full}`)) < days.length * rowsOfDay) return;
    await clickhouseCall(production, `INSERT INTO ${full} (day, id) VALUES ('${today}', ${rows})`);
    rows += 1;
  };
  const set = (): Promise<void> =>
    withRedis(primary, undefined, async (client) => {
      if ((await client.exists('session:0')) === 0) return;
      // A node that follows refuses it.
      if ((await client.set(`after:${keys}`, '1')) === 'OK') keys += 1;
    });
  const repeat = async (write: () => Promise<void>): Promise<void> => {
    while (!ended) {
      await write().catch(() => undefined);
      await pause(everyMs);
    }
  };
  const running = [repeat(insert), repeat(set)];
  return {
    async stop() {
      ended = true;
      await Promise.all(running);
      const there = rows === 0 ? 0 : await one(production, `SELECT uniqExact(id) FROM ${full} WHERE day = '${today}'`);
      const names = Array.from({ length: keys }, (_, at) => `after:${at}`);
      const found = keys === 0 ? 0 : await withRedis(primary, undefined, (client) => client.exists(...names));
      return { acked: rows + keys, lost: rows + keys - Math.min(rows, there) - found };
    },
  };
}
