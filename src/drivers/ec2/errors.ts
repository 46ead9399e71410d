import type { ErrorCode } from '../../errors/index.ts';
import { GantryError } from '../../errors/index.ts';

const network =
  /^(ECONN|ENOTFOUND|EAI_|EPIPE|EHOST|ENET|ETIMEDOUT|ERR_STREAM_PREMATURE_CLOSE|ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|SELF_SIGNED)/;

/** EC2's names of errors (API reference, "Error codes for the Amazon EC2 API") → the catalogue's codes. The first that fits counts. */
const byName: readonly (readonly [RegExp, ErrorCode])[] = [
  [
    /^(RequestLimitExceeded|Throttling|ThrottlingException|RequestThrottled.*|TooManyRequests.*|SlowDown)$/,
    'EC2_THROTTLED',
  ],
  [/LimitExceeded$|^ResourceCountExceeded$|^InsufficientAddressCapacity$|QuotaExceeded$/, 'EC2_QUOTA'],
  [
    /^(AuthFailure|InvalidClientTokenId|SignatureDoesNotMatch|ExpiredToken|RequestExpired|MissingAuthenticationToken|CredentialsProviderError)$/,
    'EC2_AUTH_FAILED',
  ],
  [/^(UnauthorizedOperation|AccessDenied.*|OptInRequired|Blocked)$/, 'EC2_NO_PERMISSION'],
  [/(NotFound|\.NotFound|NotFoundException)$/, 'EC2_MISSING'],
  [
    /(\.Conflict|\.Duplicate|\.InUse|AlreadyExists|\.AlreadyAssociated|DependencyViolation|IncorrectState|\.InUse|Resource\.AlreadyAssigned)$/,
    'EC2_CONFLICT',
  ],
  [/^(InternalError|InternalFailure|Unavailable|ServiceUnavailable|TimeoutError|RequestTimeout)$/, 'EC2_UNREACHABLE'],
];

/**
 * Whatever the SDK throws → a catalogue error. Its own error is not kept as the cause: it carries the request, whose headers hold
 * a signature. `request` says what was asked for.
 */
export function ec2Error(error: unknown, request: string): GantryError {
  if (error instanceof GantryError) return error;
  const from = (typeof error === 'object' && error !== null ? error : {}) as {
    name?: unknown;
    Code?: unknown;
    code?: unknown;
    message?: unknown;
    $metadata?: { httpStatusCode?: number };
  };
  const name = [from.Code, from.name].find((one) => typeof one === 'string' && one !== 'Error') as string | undefined;
  const said = (typeof from.message === 'string' ? from.message : String(error)).trim().slice(0, 400);
  const status = from.$metadata?.httpStatusCode;
  const code = codeOf(name ?? '', status, typeof from.code === 'string' ? from.code : '', said);
  const evidence = { request, answer: said, ...(name ? { name } : {}), ...(status === undefined ? {} : { status }) };
  return new GantryError(code, `${request}: ${name && !said.includes(name) ? `${name}: ` : ''}${said}`, { evidence });
}

function codeOf(name: string, status: number | undefined, systemCode: string, said: string): ErrorCode {
  if (status === undefined && (network.test(systemCode) || /socket hang up|aborted/i.test(said)))
    return 'EC2_UNREACHABLE';
  const known = byName.find(([pattern]) => pattern.test(name));
  if (known) return known[1];
  if (status === 429 || status === 503) return 'EC2_THROTTLED';
  return status !== undefined && status >= 500 ? 'EC2_UNREACHABLE' : 'EC2_REFUSED';
}
