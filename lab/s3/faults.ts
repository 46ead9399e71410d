import type { S3Request } from './record.ts';

/** What is done to a request, or to its answer, instead of passing it on as it is. */
export type S3Fault =
  /** The store asks to slow down: 503 SlowDown. */
  | { kind: 'slow-down' }
  /** 503 GlacierExpeditedRetrievalNotAvailable to a restore. */
  | { kind: 'no-capacity' }
  /** 409 RestoreAlreadyInProgress to a restore; moto gives 200 where AWS gives this. */
  | { kind: 'in-progress' }
  /** 403 AccessDenied. */
  | { kind: 'denied' }
  /** 400 KMS.DisabledException. */
  | { kind: 'kms-disabled' }
  /** 403 InvalidObjectState: the copy of a thawed object has expired. */
  | { kind: 'expired' }
  /** 404 NoSuchVersion. */
  | { kind: 'missing' }
  /** The connection ends without an answer; `after`: once the store has done what was asked. */
  | { kind: 'reset'; after?: boolean }
  /** The body ends after so many bytes, and the connection with it. */
  | { kind: 'truncate'; bytes: number }
  /** The same, but the length that is announced fits: only a checksum shows it. */
  | { kind: 'cut-short'; bytes: number }
  /** One bit of the body is another one. */
  | { kind: 'flip'; byte: number; bit: number }
  /** Each piece of the body comes so much later. Milliseconds. */
  | { kind: 'slow'; pieceMs: number }
  /** The answer comes so much later. Milliseconds. */
  | { kind: 'late'; ms: number };

/** Which requests: all that are given must fit. */
export type S3Match = { verb?: S3Request['verb']; key?: string | RegExp; versionId?: string };

/** Faults of one store, added and taken away while it runs. */
export type S3Faults = {
  /** Does `fault` to the next `times` requests that match (all, unless given). Answers how to end it. */
  add: (match: S3Match, fault: S3Fault, times?: number) => () => void;
  clear: () => void;
};

type Entry = { match: S3Match; fault: S3Fault; left: number };

export function createFaults(): S3Faults & { take: (request: S3Request) => S3Fault | undefined } {
  let entries: Entry[] = [];
  return {
    add: (match, fault, times = Number.POSITIVE_INFINITY) => {
      const entry = { match, fault, left: times };
      entries.push(entry);
      return () => void (entries = entries.filter((one) => one !== entry));
    },
    clear: () => void (entries = []),
    take: (request) => {
      const entry = entries.find(({ match, left }) => left > 0 && fits(match, request));
      if (entry) entry.left -= 1;
      return entry?.fault;
    },
  };
}

function fits({ verb, key, versionId }: S3Match, request: S3Request): boolean {
  if (verb !== undefined && verb !== request.verb) return false;
  if (versionId !== undefined && versionId !== request.versionId) return false;
  if (key === undefined) return true;
  return typeof key === 'string' ? key === request.key : key.test(request.key);
}

type Refusal = { status: number; code: string; message: string };

/** The answers that a fault gives in the store's place. */
export function refusalOf({ kind }: S3Fault): Refusal | undefined {
  return refusals[kind];
}

const refusals: Partial<Record<S3Fault['kind'], Refusal>> = {
  'slow-down': { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' },
  'no-capacity': {
    status: 503,
    code: 'GlacierExpeditedRetrievalNotAvailable',
    message: 'Glacier expedited retrievals are currently not available, please try again later.',
  },
  'in-progress': { status: 409, code: 'RestoreAlreadyInProgress', message: 'Object restore is already in progress' },
  denied: { status: 403, code: 'AccessDenied', message: 'Access Denied' },
  'kms-disabled': { status: 400, code: 'KMS.DisabledException', message: 'The key is disabled.' },
  expired: {
    status: 403,
    code: 'InvalidObjectState',
    message: "The operation is not valid for the object's storage class",
  },
  missing: { status: 404, code: 'NoSuchVersion', message: 'The specified version does not exist.' },
};
