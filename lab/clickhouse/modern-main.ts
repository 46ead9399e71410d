import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clickhouseFront } from './modern-http.ts';

// node --import tsx lab/clickhouse/modern-main.ts --root <folder with chdb> --dir <folder> --port <n>: the engine and its
// HTTP front, in a process of their own (the engine runs in the process that loads it, and ends with it).

/** The part of chdb that is used here. */
type Chdb = {
  Session: new (
    dir: string,
    options: { connectionArgs: readonly string[] },
  ) => { queryAsync(sql: string, options: { format: string }): Promise<{ bytes(): Uint8Array }>; close(): void };
};

const { values } = parseArgs({
  options: { root: { type: 'string' }, dir: { type: 'string' }, port: { type: 'string' } },
});
const { root, dir, port } = values;
if (root === undefined || dir === undefined || port === undefined) {
  throw new TypeError('usage: modern-clickhouse-main.ts --root <folder> --dir <folder> --port <n>');
}

const data = join(dir, 'data');
const volumes = ['hot', 'warm', 'cold'];
const withFrozen = [...volumes, 'frozen'];
for (const folder of ['data', ...withFrozen]) mkdirSync(join(dir, folder), { recursive: true });
const configFile = join(dir, 'config.xml');
writeFileSync(configFile, configuration(dir));

const { Session } = createRequire(join(root, 'package.json'))('chdb') as Chdb;
const session = new Session(data, { connectionArgs: [`--config-file=${configFile}`] });
const engine = { run: async (sql: string, format: string) => (await session.queryAsync(sql, { format })).bytes() };
const server = clickhouseFront(engine).listen(Number(port), '127.0.0.1');

process.once('SIGTERM', () => {
  server.close();
  session.close();
  process.exit(0);
});

/**
 * Storage policies: `tiered` has a volume of one disk for each temperature, `tiered_and_frozen` one more. Nothing moves by
 * itself for lack of room. A cluster `alone`, for Distributed tables: nothing listens where it says.
 */
function configuration(dir: string): string {
  const each = (wrap: (name: string) => string, of: readonly string[] = volumes): string => of.map(wrap).join('');
  const policy = (name: string, of: readonly string[]): string =>
    `<${name}><volumes>${each((volume) => `<${volume}><disk>${volume}</disk></${volume}>`, of)}</volumes><move_factor>0</move_factor></${name}>`;
  return `<clickhouse>
  <path>${join(dir, 'data')}/</path>
  <storage_configuration>
    <disks>${each((name) => `<${name}><type>local</type><path>${join(dir, name)}/</path></${name}>`, withFrozen)}</disks>
    <policies>
      ${policy('tiered', volumes)}
      ${policy('tiered_and_frozen', withFrozen)}
    </policies>
  </storage_configuration>
  <remote_servers>
    <alone><shard><replica><host>localhost</host><port>9000</port></replica></shard></alone>
  </remote_servers>
</clickhouse>
`;
}
