import type { ErrorCode } from '../../errors/index.ts';
import { GantryError } from '../../errors/index.ts';
import { readAwsFailure } from '../aws/read-error.ts';

/** What the store calls an error (its `Code`) → the catalogue's code. AWS's own names, which others took over. */
const byName: Readonly<Record<string, ErrorCode>> = {
  NoSuchKey: 'S3_OBJECT_MISSING',
  NoSuchVersion: 'S3_OBJECT_MISSING',
  NotFound: 'S3_OBJECT_MISSING',
  NoSuchBucket: 'S3_NO_BUCKET',
  AccessDenied: 'S3_NO_PERMISSION',
  AllAccessDisabled: 'S3_NO_PERMISSION',
  AccountProblem: 'S3_NO_PERMISSION',
  Forbidden: 'S3_NO_PERMISSION',
  InvalidAccessKeyId: 'S3_AUTH_FAILED',
  SignatureDoesNotMatch: 'S3_AUTH_FAILED',
  ExpiredToken: 'S3_AUTH_FAILED',
  InvalidToken: 'S3_AUTH_FAILED',
  RequestTimeTooSkewed: 'S3_AUTH_FAILED',
  RequestExpired: 'S3_AUTH_FAILED',
  CredentialsProviderError: 'S3_AUTH_FAILED',
  SlowDown: 'S3_THROTTLED',
  ServiceUnavailable: 'S3_THROTTLED',
  Throttling: 'S3_THROTTLED',
  ThrottlingException: 'S3_THROTTLED',
  TooManyRequests: 'S3_THROTTLED',
  TooManyRequestsException: 'S3_THROTTLED',
  RequestLimitExceeded: 'S3_THROTTLED',
  RequestTimeout: 'S3_TIMEOUT',
  TimeoutError: 'S3_TIMEOUT',
  InvalidObjectState: 'S3_OBJECT_COLD',
  BadDigest: 'S3_BODY_DAMAGED',
  InvalidDigest: 'S3_BODY_DAMAGED',
  IncompleteBody: 'S3_BODY_DAMAGED',
  XAmzContentChecksumMismatch: 'S3_BODY_DAMAGED',
  XAmzContentSHA256Mismatch: 'S3_BODY_DAMAGED',
  InternalError: 'S3_UNREACHABLE',
};

/** Answers without a body (HEAD) have no name, only a status. */
const byStatus: Readonly<Record<number, ErrorCode>> = {
  403: 'S3_NO_PERMISSION',
  404: 'S3_OBJECT_MISSING',
  429: 'S3_THROTTLED',
  500: 'S3_UNREACHABLE',
  502: 'S3_UNREACHABLE',
  503: 'S3_THROTTLED',
  504: 'S3_TIMEOUT',
};

const network =
  /^(ECONN|ENOTFOUND|EAI_|EPIPE|EHOST|ENET|ETIMEDOUT|ERR_STREAM_PREMATURE_CLOSE|ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|SELF_SIGNED)/;

/**
 * Whatever the SDK throws → a catalogue error. Its own error is not kept as the cause: it carries the request, whose headers
 * hold a signature. `request` says what was asked for: the verb and the key.
 */
export function s3Error(error: unknown, request: string): GantryError {
  if (error instanceof GantryError) return error;
  const { name, status, systemCode, said } = readAwsFailure(error);
  const code = codeOf(name, status, systemCode, said);
  const evidence = {
    ...{ request, answer: said },
    ...(name ? { name } : {}),
    ...(status === undefined ? {} : { status }),
  };
  const what = name && !said.includes(name) ? `${name}: ${said}` : said;
  return new GantryError(code, `${request}: ${what}`, { evidence });
}

/** The store's own name of an error, if it has one. */
export function s3NameOf(error: unknown): string | undefined {
  return error instanceof GantryError ? (error.evidence['name'] as string | undefined) : readAwsFailure(error).name;
}

function codeOf(name: string, status: number | undefined, systemCode: string | undefined, said: string): ErrorCode {
  if (name.startsWith('KMS.')) return 'S3_KEY_UNUSABLE';
  // AWS says AccessDenied of a locked object too: the words alone tell.
  if (name === 'AccessDenied' && /object lock|legal hold|retention|WORM/i.test(said)) return 'S3_OBJECT_LOCKED';
  // The SDK calls a connection that was reset a TimeoutError.
  if (status === undefined && isLost(systemCode, said)) return 'S3_UNREACHABLE';
  const known = Object.hasOwn(byName, name) ? byName[name] : undefined;
  if (known) return known;
  const answered = status === undefined ? undefined : byStatus[status];
  if (answered) return answered;
  return isLost(systemCode, said) ? 'S3_UNREACHABLE' : 'S3_REFUSED';
}

/** `aborted` and what the parser of a broken answer says come without a code. */
function isLost(systemCode: string | undefined, said: string): boolean {
  return (systemCode !== undefined && network.test(systemCode)) || /socket hang up|aborted|Parse Error/i.test(said);
}
