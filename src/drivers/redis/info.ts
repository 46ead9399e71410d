import { GantryError } from '../../errors/index.ts';
import type { Endpoint, FailoverState, ReplicaSeen, Replication } from './types.ts';

/** For a link that was never up since the start. Any other negative number: the node's clock was set back since it broke. */
const neverUp = -1;

/** An INFO text → its fields. */
export function parseInfo(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields[line.slice(0, colon)] = line.slice(colon + 1).trim();
  }
  return fields;
}

/**
 * `INFO replication` of a primary or a replica (Redis 6.2 and later, Valkey) → one shape.
 * @throws REDIS_UNEXPECTED_ANSWER for a field that is missing or isn't what it must be.
 */
export function parseReplication(text: string, endpoint: Endpoint): Replication {
  const fields = parseInfo(text);
  const required = (name: string): string => fields[name] ?? unexpected(endpoint, `INFO replication has no ${name}`);
  const number = (name: string): number => {
    const value = Number(required(name));
    return Number.isSafeInteger(value) ? value : unexpected(endpoint, `${name} is not a whole number`);
  };
  const shared = {
    syncInProgress: fields['master_sync_in_progress'] === '1',
    replid: required('master_replid'),
    replid2: required('master_replid2'),
    secondOffset: Number(fields['second_repl_offset'] ?? -1),
    ...(fields['master_sync_read_bytes'] === undefined
      ? {}
      : { syncReadBytes: Number(fields['master_sync_read_bytes']) }),
    failoverState: failoverState(fields['master_failover_state'], endpoint),
    backlogBytes: fields['repl_backlog_active'] === '1' ? number('repl_backlog_size') : 0,
    replicas: Object.entries(fields)
      .filter(([name]) => /^slave\d+$/.test(name))
      .map(([, value]) => parseReplica(value, endpoint)),
  };
  const role = required('role');
  if (role === 'master') return { role: 'primary', linkUp: false, offset: number('master_repl_offset'), ...shared };
  if (role !== 'slave') return unexpected(endpoint, `the role is ${role}`);
  const lastIo = number('master_last_io_seconds_ago');
  const linkDown = Number(fields['master_link_down_since_seconds'] ?? neverUp);
  return {
    role: 'replica',
    follows: { host: required('master_host'), port: number('master_port') },
    linkUp: required('master_link_status') === 'up',
    ...(lastIo >= 0 ? { lastIoSeconds: lastIo } : {}),
    ...(linkDown >= 0 ? { linkDownSeconds: linkDown } : {}),
    ...(linkDown < neverUp ? { clockStepped: true } : {}),
    offset: number('slave_repl_offset'),
    priority: number('slave_priority'),
    ...shared,
  };
}

function parseReplica(value: string, endpoint: Endpoint): ReplicaSeen {
  const fields = new Map(
    value.split(',').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const host = fields.get('ip');
  const [port, ackedOffset, ackedSecondsAgo] = ['port', 'offset', 'lag'].map((name) => Number(fields.get(name)));
  if (
    !host ||
    port === undefined ||
    !Number.isSafeInteger(port) ||
    ackedOffset === undefined ||
    ackedSecondsAgo === undefined
  )
    return unexpected(endpoint, 'a replica line of INFO replication cannot be read');
  return { host, port, online: fields.get('state') === 'online', ackedOffset, ackedSecondsAgo };
}

function failoverState(value: string | undefined, endpoint: Endpoint): FailoverState {
  // Before 6.2 there is no such field, and no FAILOVER.
  if (value === undefined || value === 'no-failover') return 'no-failover';
  if (value === 'waiting-for-sync' || value === 'failover-in-progress') return value;
  return unexpected(endpoint, `the failover state is ${value}`);
}

/** An answer that does not have the form it must have. */
export function unexpected(endpoint: Endpoint, what: string): never {
  throw new GantryError('REDIS_UNEXPECTED_ANSWER', `${endpoint.host}:${endpoint.port}: ${what}`);
}
