/**
 * What the API and the workers agree on about approvals that the API signs: compact JWS with Ed25519. The API alone holds the
 * private key. A worker holds the public keys of the platform file.
 */
export const approvalTokens = {
  /** Of the header `typ`: a token that was made for something else is never taken for an approval. */
  type: 'gantry-approval+jwt',
  audience: 'gantry-approvals',
  algorithm: 'EdDSA',
  /** How long the API lets one live: it sends it at once. Milliseconds. */
  lifetimeMs: 5 * 60_000,
  /** A worker takes none that was made to live longer. Milliseconds. */
  longestMs: 10 * 60_000,
  /** The clocks of the API and of the workers may differ by so much. Milliseconds. */
  skewMs: 30_000,
} as const;

/** What says who asked for a run: a token of a type and an audience of its own, in the memo of the request. */
export const requestTokens = {
  type: 'gantry-request+jwt',
  audience: 'gantry-requests',
  algorithm: 'EdDSA',
  lifetimeMs: 5 * 60_000,
  /** The memo's field that holds it. */
  memo: 'requester',
  /** The memo's field that holds the digest of what was asked for. */
  asked: 'asked',
} as const;

/** What an approval is bound to: another run, plan or verb refuses it. */
export type ApprovalBinding = {
  namespace: string;
  workflowId: string;
  runId: string;
  planHash: string;
  verb: 'approve';
};

/** What a request is bound to: the workflow that it started, what was asked for, and the kind. */
export type RequestBinding = { namespace: string; workflowId: string; kind: string; asked: string };

/** The ids of requests over the API begin with this. */
export const requestPrefix = 'request/';

/** Whether two others must approve: whoever asked may be one of those who approve where it is not known who asked. */
export function approversNeeded(people: number, signed: boolean, requester: string | undefined): number {
  return signed && people > 0 && requester === undefined ? Math.max(people, 2) : people;
}
