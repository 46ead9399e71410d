import { ApiException } from '@kubernetes/client-node';
import { z } from 'zod';
import type { ErrorCode } from '../../errors/index.ts';
import { GantryError } from '../../errors/index.ts';

/** Of a `Status`, what says why. */
const status = z.object({ message: z.string().catch(''), reason: z.string().catch('') });

/** Longest part of a server's own words that is kept. Characters. */
const saidLimit = 500;

/** Whatever a call threw → the catalogue's error. The token is in none of them. */
export function kubernetesError(where: string, verb: string, error: unknown): GantryError {
  if (error instanceof GantryError) return error;
  if (!(error instanceof ApiException)) {
    const why = error instanceof Error ? error.message : String(error);
    return made('KUBERNETES_UNREACHABLE', where, verb, why.slice(0, saidLimit), {});
  }
  const { message, reason } = statusOf(error.body);
  const said = (message || reason || (error.code === 401 ? 'Unauthorized' : `HTTP ${error.code}`)).slice(0, saidLimit);
  return made(codeOf(error.code, reason), where, verb, said, { status: error.code, reason });
}

/** Whether a call failed because there is no such object. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiException && error.code === 404;
}

/**
 * By status (API conventions, "HTTP Status codes"). 403 has two senses: RBAC refuses the user, or an admission controller refuses
 * the object: only the first says `User "…" cannot`.
 */
function codeOf(httpStatus: number, reason: string): ErrorCode {
  if (httpStatus === 401 || httpStatus === 403) return 'KUBERNETES_FORBIDDEN';
  if (httpStatus === 404) return 'KUBERNETES_NOT_FOUND';
  if (httpStatus === 409)
    return reason === 'AlreadyExists' || reason === 'Conflict' ? 'KUBERNETES_CONFLICT' : 'KUBERNETES_REFUSED';
  if (httpStatus === 429 || httpStatus >= 500) return 'KUBERNETES_UNAVAILABLE';
  if (httpStatus === 400 || httpStatus === 405 || httpStatus === 413 || httpStatus === 422) return 'KUBERNETES_REFUSED';
  return 'KUBERNETES_UNEXPECTED_ANSWER';
}

function statusOf(body: unknown): z.output<typeof status> {
  const text = typeof body === 'string' ? parsed(body) : body;
  const read = status.safeParse(text);
  if (read.success) return read.data;
  return { message: typeof body === 'string' ? body : '', reason: '' };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function made(code: ErrorCode, where: string, verb: string, why: string, more: Record<string, unknown>): GantryError {
  const admission =
    code === 'KUBERNETES_FORBIDDEN' && more.status === 403 && !/ cannot | is forbidden: User /.test(why);
  const real = admission ? 'KUBERNETES_REFUSED' : code;
  return new GantryError(real, `${where}: ${verb}: ${why}`, { evidence: { api: where, verb, why, ...more } });
}
