/** Something large that lies in the payload store, named by its content. It outlives the history that refers to it. */
export type Stored<T = unknown> = {
  /** Where it was written, for people. It is read back by its digest. */
  uri: string;
  sha256: string;
  bytes: number;
  /** How many things it holds: the entries of a list, otherwise 1. */
  count: number;
  /** Never set: it carries the type. */
  readonly of?: T;
};

/** What stands in for evidence that is too large for the history: a reference, and how it begins. */
export type StoredEvidence<T = unknown> = { kept: 'stored'; stored: Stored<T>; excerpt: unknown };

/** The same where it could not be stored: an act that was done is not failed for the sake of its evidence. */
export type LostEvidence = { kept: 'excerpt'; excerpt: unknown; problem: string };

/** Evidence as a record has it. */
export type KeptEvidence<T = unknown> = StoredEvidence<T> | LostEvidence;

/**
 * Content-addressed: the same content is stored once, and what is read back is what was written.
 *
 * Streams, so that a list of any length is stored and read without being held as a whole.
 */
export type PayloadStore = {
  /** @throws PAYLOAD_UNWRITABLE */
  put: <T>(content: string | AsyncIterable<string | Uint8Array>, count?: number) => Promise<Stored<T>>;
  /** @throws PAYLOAD_MISSING, PAYLOAD_DAMAGED */
  get: (stored: Stored) => Promise<string>;
  /** Chunk by chunk; the digest is known at the end. @throws as `get`, PAYLOAD_DAMAGED after the last chunk */
  read: (stored: Stored) => AsyncIterable<Uint8Array>;
};

const kib = 1024;

/** How large what goes through Temporal may be. Bytes of JSON. */
export const payloadLimits = {
  /** Of one look of one step, before or after: what is larger is stored. */
  evidence: 16 * kib,
  /** Of an excerpt. */
  excerpt: 2 * kib,
  /** Of what a step answers to the run, which works from it: large parts of what is larger are stored. */
  answer: 160 * kib,
  /** Of one argument or one result. The server refuses 2 MiB, and a workflow that sends it tries for ever. */
  payload: 256 * kib,
} as const;

/** Whether `value` stands in for something that is stored. */
export function isStored(value: unknown): value is StoredEvidence {
  return kindOf(value) === 'stored' && typeof (value as Partial<StoredEvidence>).stored?.sha256 === 'string';
}

/** Whether `value` is an excerpt, stored or not. */
export function isKept(value: unknown): value is KeptEvidence {
  return isStored(value) || kindOf(value) === 'excerpt';
}

function kindOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('excerpt' in value)) return undefined;
  return (value as Partial<KeptEvidence>).kept;
}

/** Bytes of a value as JSON. */
export function jsonBytes(value: unknown): number {
  return utf8Bytes(JSON.stringify(value) ?? '');
}

/** Without an encoder: workflows, too, count. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) bytes += code > 0x7ff ? 2 : 1;
    // Of a pair of surrogates each was counted as three bytes; together they are four.
    if (code >= 0xd800 && code <= 0xdfff) bytes -= 1;
  }
  return bytes;
}
