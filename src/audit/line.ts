import { createHash } from 'node:crypto';
import { canonicalJson } from '../runs/index.ts';

/** An act, or a request that was refused. What is not known of it is left out. */
export type AuditEntry = {
  /** Who, as far as it is known. */
  by: string;
  act: string;
  /** `unclear`: whether it took effect could not be seen. */
  outcome: 'done' | 'refused' | 'unclear';
  /** Where it was written: `api` has authenticated who asks, `run` has heard it from Temporal. */
  via: 'api' | 'run';
  /** Names the act: what is written twice under one id happened once. */
  id?: string;
  /** Why it was refused: a code of the catalogue. */
  code?: string;
  kind?: string;
  target?: string;
  workflowId?: string;
  runId?: string;
  /** The state of the run at that moment. */
  state?: string;
  planHash?: string;
  reason?: string;
  /** Under which the log of the API has the request. */
  requestId?: string;
  /** The id of the token that was used, or `oidc`; of the key that signed an approval. Never a secret. */
  credential?: string;
  /** So many refusals before this one were not written: there were too many within a minute. */
  leftOut?: number;
};

/** A line of the audit: each has the hash of the line before it. */
export type AuditLine = AuditEntry & { seq: number; at: string; prev: string; hash: string };

/** What the first line has in place of a hash of the line before it. */
export const beginning = '0'.repeat(64);

/** Where a chain ends: the number and the hash of its last line. */
export type AuditHead = { seq: number; hash: string };

/** An entry → the line that follows `head`. */
export function lineAfter(head: AuditHead, entry: AuditEntry, at: string): AuditLine {
  const unsealed = { seq: head.seq + 1, at, ...entry, prev: head.hash };
  return { ...unsealed, hash: hashOf(unsealed) };
}

/** SHA-256, in hex, of all of a line but its own hash. */
export function hashOf(line: object): string {
  const content = Object.fromEntries(Object.entries(line).filter(([field]) => field !== 'hash'));
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}
