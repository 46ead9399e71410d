import { GantryError } from '../../errors/index.ts';
import { sql, Sql } from './sql.ts';

/** What a table's fetches take of the network at most, bytes a second; servers that know it have it among their MergeTree settings. */
export const fetchCapSetting = 'max_replicated_fetches_network_bandwidth';

/**
 * The engine of a staging table, from the server's own words of the table's that it is like:
 * `Replicated…MergeTree('/path', '{replica}', rest) … SETTINGS …` with another path; keys and settings stay what they are, but
 * for the cap of its fetches. `maxFetchBytesPerSecond`: only where the server knows the setting.
 * @throws CLICKHOUSE_STRUCTURE_DIFFERS for an engine of another form
 */
export function stagingEngine(engine: string, zookeeperPath: string, maxFetchBytesPerSecond?: number): Sql {
  const form = /^(Replicated\w*MergeTree)\('(?:[^'\\]|\\.)*', ('(?:[^'\\]|\\.)*')/.exec(engine);
  const [whole, kind, replica] = form ?? [];
  if (whole === undefined || kind === undefined || replica === undefined) {
    throw new GantryError(
      'CLICKHOUSE_STRUCTURE_DIFFERS',
      `a staging table cannot be made like ${engine.slice(0, 120)}`,
    );
  }
  const rest = engine.slice(whole.length);
  const capped = maxFetchBytesPerSecond === undefined ? rest : withCap(rest, maxFetchBytesPerSecond);
  // The server's own text, given back to it.
  return new Sql(`${kind}(${sql`${zookeeperPath}`.text}, ${replica}${capped}`);
}

function withCap(rest: string, bytesPerSecond: number): string {
  // The last clause; the word may also be in a literal of a key or a TTL.
  const at = rest.replace(/'(?:[^'\\]|\\.)*'/g, (literal) => '_'.repeat(literal.length)).lastIndexOf(' SETTINGS ');
  const cap = `${fetchCapSetting} = ${sql`${bytesPerSecond}`.text}`;
  if (at < 0) return `${rest} SETTINGS ${cap}`;
  const own = rest.slice(at + ' SETTINGS '.length).replace(new RegExp(`(?:^|, )${fetchCapSetting} = \\d+`), '');
  return `${rest.slice(0, at)} SETTINGS ${[own.replace(/^, /, ''), cap].filter(Boolean).join(', ')}`;
}
