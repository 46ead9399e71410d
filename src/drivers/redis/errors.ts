import type { ErrorCode } from '../../errors/index.ts';
import { GantryError } from '../../errors/index.ts';
import type { Endpoint } from './types.ts';

/** The first word of an error reply → the catalogue's code. */
const replyCodes: Readonly<Record<string, ErrorCode>> = {
  NOAUTH: 'REDIS_AUTH_FAILED',
  WRONGPASS: 'REDIS_AUTH_FAILED',
  NOPERM: 'REDIS_NO_PERMISSION',
  LOADING: 'REDIS_LOADING',
  BUSY: 'REDIS_BUSY',
  MISCONF: 'REDIS_MISCONF',
  OOM: 'REDIS_OUT_OF_MEMORY',
  NOREPLICAS: 'REDIS_NOT_ENOUGH_REPLICAS',
  READONLY: 'REDIS_READ_ONLY',
  MASTERDOWN: 'REDIS_REPLICA_UNLINKED',
  // Of a Sentinel:
  INPROG: 'SENTINEL_FAILOVER_IN_PROGRESS',
  NOGOODSLAVE: 'SENTINEL_NO_GOOD_REPLICA',
  NOGOODREPLICA: 'SENTINEL_NO_GOOD_REPLICA',
  NOQUORUM: 'SENTINEL_NO_QUORUM',
};

/** What Node says when the two sides cannot agree on TLS, or one does not trust the other. */
const tlsTrouble = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO|HOSTNAME_MISMATCH|INVALID_CA)/;

/**
 * Anything that the client library throws → a catalogue error. The library's own error object is not kept as the cause:
 * it carries the arguments of the command, AUTH's included.
 */
export function redisError(error: unknown, endpoint: Endpoint, command: string, password?: string): GantryError {
  if (error instanceof GantryError) return error;
  const root = rootOf(error);
  const raw = root instanceof Error ? root.message : String(root);
  const answer = password ? raw.replaceAll(password, '***') : raw;
  const where = `${endpoint.host}:${endpoint.port}`;
  const evidence = { node: where, command, answer, ...(isUnresolved(root) ? { unresolved: true } : {}) };
  return new GantryError(codeOf(root, answer), `${where}: ${command}: ${answer}`, { evidence });
}

/** Whether nobody was asked, since the host's name could not be turned into an address. */
function isUnresolved(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).syscall === 'getaddrinfo';
}

function codeOf(error: unknown, answer: string): ErrorCode {
  if (!(error instanceof Error)) return 'REDIS_COMMAND_FAILED';
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && tlsTrouble.test(code)) return 'REDIS_TLS_FAILED';
  if (error.name !== 'ReplyError') return answer === 'Command timed out' ? 'REDIS_TIMEOUT' : 'REDIS_UNREACHABLE';
  return replyCodes[answer.split(' ', 1)[0] ?? ''] ?? 'REDIS_COMMAND_FAILED';
}

/** EXECABORT says nothing: the refusal of the command that spoiled the transaction does. */
function rootOf(error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.startsWith('EXECABORT')) return error;
  return (error as { previousErrors?: readonly Error[] }).previousErrors?.[0] ?? error;
}
