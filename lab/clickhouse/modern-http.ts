import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';

/** What the front needs of the engine: one statement at a time, its answer as bytes. */
export type Engine = { run(sql: string, format: string): Promise<Uint8Array> };

/**
 * The part of ClickHouse's HTTP interface that `@clickhouse/client` uses, in front of an engine that runs in this process:
 * statements in the address or the body, settings, the database, query ids, errors by their code, `/ping`. Statements run
 * one after the other, so that settings given with one never reach another. KILL QUERY finds nothing: there is no other.
 */
export function clickhouseFront(engine: Engine): Server {
  let last: Promise<unknown> = Promise.resolve();
  return createServer((request, response) => {
    const next = last.then(() => answer(engine, request, response));
    last = next.catch(() => undefined);
  });
}

async function answer(engine: Engine, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const address = new URL(request.url ?? '/', 'http://localhost');
  if (address.pathname === '/ping') return void response.end('Ok.\n');
  try {
    const { sql, format, settings, database } = await read(request, address);
    const set = Object.entries(settings);
    if (database !== undefined) await engine.run(`USE \`${database.replaceAll('`', '``')}\``, 'CSV');
    if (set.length > 0)
      await engine.run(`SET ${set.map(([name, value]) => `${name} = ${literal(value)}`).join(', ')}`, 'CSV');
    try {
      const body = await engine.run(sql, format);
      response.setHeader('x-clickhouse-query-id', address.searchParams.get('query_id') ?? '');
      response.setHeader('x-clickhouse-format', format);
      response.end(body);
    } finally {
      const names = set.map(([name]) => name).filter((name) => !name.startsWith('param_'));
      if (names.length > 0) await engine.run(`SET ${names.map((name) => `${name} = DEFAULT`).join(', ')}`, 'CSV');
      if (database !== undefined) await engine.run('USE default', 'CSV');
    }
  } catch (error) {
    const text = error instanceof Error ? error.message.replace(/^Query failed: /, '') : String(error);
    const code = /^Code: (\d+)\./.exec(text)?.[1];
    response.statusCode = 500;
    if (code !== undefined) response.setHeader('x-clickhouse-exception-code', code);
    if (!response.headersSent) response.end(`${text}\n`);
  }
}

/** What an address carries that is neither a setting nor a parameter of the statement. */
const ofHttp = new Set([
  ...['query', 'query_id', 'database', 'default_format', 'session_id', 'session_timeout', 'session_check', 'user'],
  ...['password', 'role', 'compress', 'decompress', 'enable_http_compression', 'wait_end_of_query', 'buffer_size'],
  ...['send_progress_in_http_headers', 'http_headers_progress_interval_ms', 'http_write_exception_in_output_format'],
]);

async function read(
  request: IncomingMessage,
  address: URL,
): Promise<{ sql: string; format: string; settings: Record<string, string>; database?: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8');
  const query = address.searchParams.get('query');
  const settings = [...address.searchParams].filter(([name]) => !ofHttp.has(name));
  const database = address.searchParams.get('database');
  return {
    sql: query === null ? body : `${query}\n${body}`,
    format: address.searchParams.get('default_format') ?? 'TabSeparated',
    settings: Object.fromEntries(settings),
    ...(database === null || database === 'default' ? {} : { database }),
  };
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
