import { ClickHouseError } from '@clickhouse/client';
import type { ErrorCode } from '../../errors/index.ts';
import { GantryError } from '../../errors/index.ts';
import type { ClickHouseEndpoint } from './types.ts';

/**
 * ClickHouse's error numbers with the names that it gives them (src/Common/ErrorCodes.cpp) → the catalogue's codes. A
 * number keeps its meaning over the versions; today's have NOT_A_LEADER no more. 18.16 says BAD_GET of a cluster that it
 * doesn't know.
 */
export const serverCodes: Readonly<Record<number, readonly [name: string, code: ErrorCode]>> = {
  1: ['UNSUPPORTED_METHOD', 'CLICKHOUSE_STATEMENT_UNSUPPORTED'],
  48: ['NOT_IMPLEMENTED', 'CLICKHOUSE_STATEMENT_UNSUPPORTED'],
  57: ['TABLE_ALREADY_EXISTS', 'CLICKHOUSE_TABLE_EXISTS'],
  60: ['UNKNOWN_TABLE', 'CLICKHOUSE_UNKNOWN_TABLE'],
  62: ['SYNTAX_ERROR', 'CLICKHOUSE_STATEMENT_UNSUPPORTED'],
  81: ['UNKNOWN_DATABASE', 'CLICKHOUSE_UNKNOWN_DATABASE'],
  115: ['UNKNOWN_SETTING', 'CLICKHOUSE_STATEMENT_UNSUPPORTED'],
  122: ['INCOMPATIBLE_COLUMNS', 'CLICKHOUSE_STRUCTURE_DIFFERS'],
  159: ['TIMEOUT_EXCEEDED', 'CLICKHOUSE_TIMEOUT'],
  164: ['READONLY', 'CLICKHOUSE_NO_PERMISSION'],
  170: ['BAD_GET', 'CLICKHOUSE_UNKNOWN_CLUSTER'],
  192: ['UNKNOWN_USER', 'CLICKHOUSE_AUTH_FAILED'],
  193: ['WRONG_PASSWORD', 'CLICKHOUSE_AUTH_FAILED'],
  194: ['REQUIRED_PASSWORD', 'CLICKHOUSE_AUTH_FAILED'],
  195: ['IP_ADDRESS_NOT_ALLOWED', 'CLICKHOUSE_AUTH_FAILED'],
  209: ['SOCKET_TIMEOUT', 'CLICKHOUSE_PEER_UNREACHABLE'],
  210: ['NETWORK_ERROR', 'CLICKHOUSE_PEER_UNREACHABLE'],
  216: ['QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING', 'CLICKHOUSE_QUERY_RUNNING'],
  225: ['NO_ZOOKEEPER', 'CLICKHOUSE_KEEPER_UNAVAILABLE'],
  226: ['NO_FILE_IN_DATA_PART', 'CLICKHOUSE_PART_NOT_FOUND'],
  232: ['NO_SUCH_DATA_PART', 'CLICKHOUSE_PART_NOT_FOUND'],
  234: ['NO_REPLICA_HAS_PART', 'CLICKHOUSE_PART_NOT_FOUND'],
  235: ['DUPLICATE_DATA_PART', 'CLICKHOUSE_ALREADY_DETACHED'],
  241: ['MEMORY_LIMIT_EXCEEDED', 'CLICKHOUSE_MEMORY_LIMIT'],
  242: ['TABLE_IS_READ_ONLY', 'CLICKHOUSE_TABLE_READ_ONLY'],
  243: ['NOT_ENOUGH_SPACE', 'CLICKHOUSE_DISK_FULL'],
  252: ['TOO_MANY_PARTS', 'CLICKHOUSE_TOO_MANY_PARTS'],
  254: ['NO_ACTIVE_REPLICAS', 'CLICKHOUSE_NO_ACTIVE_REPLICA'],
  256: ['PARTITION_ALREADY_EXISTS', 'CLICKHOUSE_ALREADY_DETACHED'],
  257: ['PARTITION_DOESNT_EXIST', 'CLICKHOUSE_PART_NOT_FOUND'],
  279: ['ALL_CONNECTION_TRIES_FAILED', 'CLICKHOUSE_PEER_UNREACHABLE'],
  291: ['DATABASE_ACCESS_DENIED', 'CLICKHOUSE_NO_PERMISSION'],
  292: ['NOT_A_LEADER', 'CLICKHOUSE_NO_LEADER'],
  341: ['UNFINISHED', 'CLICKHOUSE_REPLICA_BEHIND'],
  342: ['METADATA_MISMATCH', 'CLICKHOUSE_STRUCTURE_DIFFERS'],
  344: ['SUPPORT_IS_DISABLED', 'CLICKHOUSE_STATEMENT_UNSUPPORTED'],
  359: ['TABLE_SIZE_EXCEEDS_MAX_DROP_SIZE_LIMIT', 'CLICKHOUSE_PARTITION_TOO_BIG'],
  384: ['PART_IS_TEMPORARILY_LOCKED', 'CLICKHOUSE_PART_BUSY'],
  394: ['QUERY_WAS_CANCELLED', 'CLICKHOUSE_QUERY_KILLED'],
  497: ['ACCESS_DENIED', 'CLICKHOUSE_NO_PERMISSION'],
  516: ['AUTHENTICATION_FAILED', 'CLICKHOUSE_AUTH_FAILED'],
  701: ['CLUSTER_DOESNT_EXIST', 'CLICKHOUSE_UNKNOWN_CLUSTER'],
  999: ['KEEPER_EXCEPTION', 'CLICKHOUSE_KEEPER_UNAVAILABLE'],
};

const tlsTrouble = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO|HOSTNAME_MISMATCH|INVALID_CA)/;

/**
 * Anything that the client library throws → a catalogue error. Its own error isn't kept as the cause: it may carry the
 * request, credentials included. `serverCode` in the evidence is ClickHouse's number.
 */
export function clickhouseError(
  error: unknown,
  endpoint: ClickHouseEndpoint,
  statement: string,
  password?: string,
): GantryError {
  if (error instanceof GantryError) return error;
  const raw = error instanceof Error ? error.message : String(error);
  const answer = (password ? raw.replaceAll(password, '***') : raw).trim().slice(0, 600);
  const serverCode = numberOf(error, raw);
  const code = serverCode === undefined ? transportCode(error) : codeOf(serverCode, answer);
  const where = `${endpoint.host}:${endpoint.port}`;
  const evidence = {
    ...{ server: where, statement: statement.trim().slice(0, 300), answer },
    ...(serverCode === undefined ? {} : { serverCode }),
  };
  return new GantryError(code, `${where}: ${answer}`, { evidence });
}

/** The server can't read the statement: it is of another version. */
export const syntaxError = 62;

/** ClickHouse's number of an error that `clickhouseError` made. */
export function serverCodeOf(error: unknown): number | undefined {
  const code = error instanceof GantryError ? error.evidence['serverCode'] : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** The client reads codes from messages of today's form alone; 18.16 ends them otherwise. The first one is the server's own. */
function numberOf(error: unknown, message: string): number | undefined {
  const found = /\bCode: (\d+)[,.]/.exec(message)?.[1] ?? (error instanceof ClickHouseError ? error.code : undefined);
  return found === undefined ? undefined : Number(found);
}

function codeOf(serverCode: number, answer: string): ErrorCode {
  // errno 28 comes from whichever call met it, under several numbers.
  if (/No space left on device/.test(answer)) return 'CLICKHOUSE_DISK_FULL';
  if (serverCode === 999) return keeperCode(answer);
  return serverCodes[serverCode]?.[1] ?? 'CLICKHOUSE_STATEMENT_REFUSED';
}

/** ZooKeeper's own refusals share one number; what they are stands in brackets or before the path. */
function keeperCode(answer: string): ErrorCode {
  if (/\bNode exists\b/.test(answer)) return 'CLICKHOUSE_KEEPER_NODE_EXISTS';
  if (/\bNo node\b/.test(answer)) return 'CLICKHOUSE_KEEPER_NO_NODE';
  return 'CLICKHOUSE_KEEPER_UNAVAILABLE';
}

function transportCode(error: unknown): ErrorCode {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' && tlsTrouble.test(code) ? 'CLICKHOUSE_TLS_FAILED' : 'CLICKHOUSE_UNREACHABLE';
}
