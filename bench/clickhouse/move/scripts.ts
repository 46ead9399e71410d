import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import { monotonicMs } from '../../../lab/clock.ts';
import type { ClickHouseCluster } from '../../../lab/clickhouse/clickhouse.ts';

/** One statement of a script that moves a partition, and the server that it is sent to. */
export type Statement = { host: string; httpPort: number; sql: string; copies: boolean };

/** A move of a partition from shard 1 to shard 2 as people do it by hand. */
export type Script = 'fetchAttachDrop' | 'insertSelect';

/** What is sent, in order. */
export function statementsOf(
  script: Script,
  cluster: ClickHouseCluster,
  { full, table, partition, day }: { full: string; table: string; partition: string; day: string },
): readonly Statement[] {
  const [source, target] = [cluster.node('s1r1'), cluster.node('s2r1')];
  const at = ({ host, httpPort }: typeof source, sql: string, copies = false): Statement => ({
    ...{ host, httpPort, sql, copies },
  });
  const drop = at(source, `ALTER TABLE ${full} DROP PARTITION ${partition}`);
  switch (script) {
    // What ckman sends.
    case 'fetchAttachDrop': {
      const from = `/clickhouse/tables/01/${full.replace('.', '_')}`;
      return [
        at(target, `ALTER TABLE ${full} FETCH PARTITION ${partition} FROM '${from}'`, true),
        at(target, `ALTER TABLE ${full} ATTACH PARTITION ${partition}`),
        drop,
      ];
    }
    case 'insertSelect': {
      const [database] = full.split('.');
      const rows = `remote('${source.host}:${source.tcpPort}', ${database}, ${table})`;
      return [at(target, `INSERT INTO ${full} SELECT * FROM ${rows} WHERE day = '${day}'`, true), drop];
    }
  }
}

/** Sends them one after the other; answers how long the copying one took. `after` is called after each, by its place. */
export async function runStatements(
  statements: readonly Statement[],
  after: (at: number) => void | Promise<void> = () => undefined,
): Promise<{ transferMs: number }> {
  let transferMs = 0;
  for (const [at, { sql, copies, ...server }] of statements.entries()) {
    const startedMs = monotonicMs();
    await clickhouseCall(server, sql, { timeoutMs: 300_000 });
    if (copies) transferMs += monotonicMs() - startedMs;
    await after(at);
  }
  return { transferMs };
}
