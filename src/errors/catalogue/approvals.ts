import type { CatalogueEntry } from './entry.ts';

const overTheApi =
  'Approve over the HTTP API (`POST /v1/runs/<id>/approve`): it makes a new signed token for each approval.';

/** Errors of signed approvals. */
export const approvalErrors = {
  APPROVAL_UNSIGNED: {
    meaning: 'The policy of this run counts only approvals that the HTTP API has signed, and this one has no token.',
    retryable: false,
    hint: overTheApi,
  },
  APPROVAL_TOKEN_INVALID: {
    meaning: 'The token of the approval is none: it is not of the type of an approval, or its signature does not hold.',
    retryable: false,
    hint: overTheApi,
  },
  APPROVAL_KEY_UNKNOWN: {
    meaning: 'The token of the approval was signed with a key that the platform file of the workers does not declare.',
    retryable: false,
    hint: 'Declare the public key under `approvals.keys` and restart the orchestration workers; or let the API sign with a declared key.',
  },
  APPROVAL_TOKEN_EXPIRED: {
    meaning: 'The token of the approval is too old, comes from the future, or was made to live too long.',
    retryable: false,
    hint: 'Approve again. If it happens again, compare the clocks of the API and of the workers (`gantry doctor`).',
  },
  APPROVAL_FOR_ANOTHER: {
    meaning: 'The token of the approval was made for another run, plan, verb, namespace or person than it came with.',
    retryable: false,
    hint: 'Look at the plan with `gantry run <id>`, and approve the hash that it shows over the HTTP API.',
  },
  APPROVAL_TOKEN_USED: {
    meaning: 'The same token came before: each counts once.',
    retryable: false,
    hint: 'If it was your own request, look at the state of the run with `gantry run <id>`. If it was not, find out who has sent it.',
  },
  APPROVAL_OWN: {
    meaning: 'Whoever asked for a run does not approve it.',
    retryable: false,
    hint: 'Ask another approver.',
  },
  APPROVAL_KEY_UNREADABLE: {
    meaning: 'The file with the private key of the API cannot be read, or holds no Ed25519 key with an id.',
    retryable: false,
    hint: 'Make one with `gantry access signing-key`, and set GANTRY_APPROVAL_KEY to its path.',
  },
  AUDIT_UNWRITABLE: {
    meaning: 'The audit cannot be written.',
    retryable: true,
    hint: 'Look at the folder `audit` beside the reports: permissions, the disk.',
  },
  AUDIT_UNREADABLE: {
    meaning: 'The audit cannot be read.',
    retryable: true,
    hint: 'Look at the folder `audit` beside the reports, or name another one with `--folder`.',
  },
} as const satisfies Record<string, CatalogueEntry>;
