import type { ErrorCode } from '../../errors/index.ts';
import { GantryError } from '../../errors/index.ts';
import { readAwsFailure } from './read-error.ts';

/** Whose codes of the catalogue: those of EC2, or those of the services that a region's edge is made in. */
export type AwsFamily = 'EC2' | 'AWS';

type Fault =
  'UNREACHABLE' | 'THROTTLED' | 'AUTH_FAILED' | 'NO_PERMISSION' | 'QUOTA' | 'CONFLICT' | 'MISSING' | 'REFUSED';

const network =
  /^(ECONN|ENOTFOUND|EAI_|EPIPE|EHOST|ENET|ETIMEDOUT|ERR_STREAM_PREMATURE_CLOSE|ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|SELF_SIGNED)/;

/**
 * The services' names of errors → what they mean. EC2: API reference, "Error codes for the Amazon EC2 API"; the others: "Errors" of each
 * action in the API references of Elastic Load Balancing (2015-12-01), Route 53 and WAFV2. The first that fits counts.
 */
const byName: readonly (readonly [RegExp, Fault])[] = [
  [
    /^(RequestLimitExceeded|Throttling|ThrottlingException|RequestThrottled.*|TooManyRequests.*|SlowDown|PriorRequestNotComplete)$/,
    'THROTTLED',
  ],
  [
    /(Limit|Limits)Exceeded(Exception)?$|^ResourceCountExceeded$|^InsufficientAddressCapacity$|QuotaExceeded$|^TooMany/,
    'QUOTA',
  ],
  [
    /^(AuthFailure|InvalidClientTokenId|SignatureDoesNotMatch|ExpiredToken.*|RequestExpired|MissingAuthenticationToken|CredentialsProviderError|UnrecognizedClientException)$/,
    'AUTH_FAILED',
  ],
  [/^(UnauthorizedOperation|AccessDenied.*|OptInRequired|Blocked)$/, 'NO_PERMISSION'],
  [/NotFound(Exception)?$|^NoSuch|^WAF(NonexistentItem|UnavailableEntity)Exception$/, 'MISSING'],
  [
    /(\.Conflict|\.Duplicate|\.InUse|AlreadyExists|\.AlreadyAssociated|DependencyViolation|IncorrectState|Resource\.AlreadyAssigned)$/,
    'CONFLICT',
  ],
  [/^(Duplicate.*Name|DuplicateListener|.*InUse|OperationNotPermitted|InvalidChangeBatch)(Exception)?$/, 'CONFLICT'],
  [
    /^(InternalError|InternalFailure|Unavailable|ServiceUnavailable|TimeoutError|RequestTimeout|WAFInternalErrorException)$/,
    'UNREACHABLE',
  ],
];

/**
 * Whatever the SDK throws → a catalogue error. Its own error is not kept as the cause: it carries the request, whose headers hold
 * a signature. `request` says what was asked for.
 */
export function awsError(family: AwsFamily, error: unknown, request: string): GantryError {
  if (error instanceof GantryError) return error;
  const { name, status, systemCode, said } = readAwsFailure(error);
  const fault = faultOf(name, status, systemCode ?? '', said);
  const code: ErrorCode = `${family}_${fault}`;
  const evidence = { request, answer: said, ...(name ? { name } : {}), ...(status === undefined ? {} : { status }) };
  return new GantryError(code, `${request}: ${name && !said.includes(name) ? `${name}: ` : ''}${said}`, { evidence });
}

function faultOf(name: string, status: number | undefined, systemCode: string, said: string): Fault {
  if (status === undefined && (network.test(systemCode) || /socket hang up|aborted/i.test(said))) return 'UNREACHABLE';
  const known = byName.find(([pattern]) => pattern.test(name));
  if (known) return known[1];
  if (status === 429 || status === 503) return 'THROTTLED';
  return status !== undefined && status >= 500 ? 'UNREACHABLE' : 'REFUSED';
}
