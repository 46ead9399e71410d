import { z } from 'zod';
import type { ErrorCode } from '../errors/index.ts';
import { GantryError, troubleOf } from '../errors/index.ts';

/** RFC 9457, with the catalogue's code and hint. */
export const problemShape = z
  .object({
    type: z.string().describe('`urn:gantry:error:<code>`.'),
    title: z.string().describe('The code of the catalogue (docs/reference/errors.md).'),
    status: z.int(),
    detail: z.string(),
    hint: z.string().describe('The next step.'),
    requestId: z.string(),
    problems: z.array(
      z.object({ code: z.string(), message: z.string(), hint: z.string(), place: z.string().exactOptional() }),
    ),
    evidence: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Problem' });

export type ProblemBody = z.output<typeof problemShape>;

export const problemType = 'application/problem+json';

const statusOf: Partial<Record<ErrorCode, number>> = {
  INVALID_INPUT: 422,
  API_BAD_REQUEST: 400,
  IDEMPOTENCY_KEY_MISSING: 400,
  API_UNAUTHENTICATED: 401,
  API_FORBIDDEN: 403,
  RUN_NOT_FOUND: 404,
  API_NO_ROUTE: 404,
  RESOURCE_BUSY: 409,
  WRONG_STATE: 409,
  APPROVAL_REJECTED: 409,
  APPROVAL_UNSIGNED: 409,
  APPROVAL_FOR_ANOTHER: 409,
  APPROVAL_TOKEN_USED: 409,
  APPROVAL_KEY_UNKNOWN: 409,
  APPROVAL_TOKEN_INVALID: 409,
  APPROVAL_TOKEN_EXPIRED: 409,
  APPROVAL_OWN: 403,
  PAST_NO_RETURN: 409,
  SKIP_REFUSED: 409,
  PLAN_CHANGED: 409,
  API_BODY_TOO_LARGE: 413,
  API_UNSUPPORTED_MEDIA_TYPE: 415,
  IDEMPOTENCY_KEY_REUSED: 422,
  API_TOO_MANY_REQUESTS: 429,
  UNEXPECTED: 500,
  ACCESS_NOT_FOUND: 503,
  ACCESS_INVALID: 503,
  NO_SERVER: 503,
  NO_WORKER: 503,
  SERVER_REFUSED: 503,
  STEP_TIMEOUT: 504,
};

/**
 * What only the log of the API has in full: an unexpected error may hold anything, and a wrong access file is met before it is
 * known who asks.
 */
const kept: Partial<Record<ErrorCode, string>> = {
  UNEXPECTED: 'the API met an error that it does not know',
  ACCESS_NOT_FOUND: 'the API cannot read its access file',
  ACCESS_INVALID: 'the access file of the API is not correct',
};

/** Any error → the answer of the API. What is not in the table is a refusal that the caller can act on: 422. */
export function toProblem(error: unknown, requestId: string): ProblemBody {
  const trouble = troubleOf(fromFramework(error));
  const inLogAlone = kept[trouble.code];
  return {
    type: `urn:gantry:error:${trouble.code}`,
    title: trouble.code,
    status: statusOf[trouble.code] ?? 422,
    detail: inLogAlone === undefined ? trouble.message : `${inLogAlone}; its log has it under the request id`,
    hint: trouble.hint,
    requestId,
    problems: inLogAlone === undefined ? [...trouble.problems] : [],
    evidence: inLogAlone === undefined ? { ...trouble.evidence } : {},
  };
}

/** What Fastify and its plugins throw, by their codes: https://fastify.dev/docs/latest/Reference/Errors/ */
function fromFramework(error: unknown): unknown {
  if (error instanceof GantryError || !(error instanceof Error)) return error;
  const { code, statusCode } = error as Error & { code?: string; statusCode?: number };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new GantryError('API_BODY_TOO_LARGE', error.message);
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new GantryError('API_UNSUPPORTED_MEDIA_TYPE', error.message);
  if (statusCode === 429) return new GantryError('API_TOO_MANY_REQUESTS', error.message);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new GantryError('API_BAD_REQUEST', error.message);
  return error;
}
