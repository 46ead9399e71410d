import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clickhouseFront } from './modern-clickhouse-http.ts';

// node --import tsx lab/modern-clickhouse-main.ts --root <folder with chdb> --dir <folder> --port <n>: the engine and its
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
for (const folder of ['data', ...volumes]) mkdirSync(join(dir, folder), { recursive: true });
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

/** One storage policy, `tiered`: a volume of one disk for each temperature. Nothing moves by itself for lack of room. */
function configuration(dir: string): string {
  const each = (wrap: (name: string) => string): string => volumes.map(wrap).join('');
  return `<clickhouse>
  <path>${join(dir, 'data')}/</path>
  <storage_configuration>
    <disks>${each((name) => `<${name}><type>local</type><path>${join(dir, name)}/</path></${name}>`)}</disks>
    <policies><tiered>
      <volumes>${each((name) => `<${name}><disk>${name}</disk></${name}>`)}</volumes>
      <move_factor>0</move_factor>
    </tiered></policies>
  </storage_configuration>
</clickhouse>
`;
}
