import type { CatalogueEntry } from './entry.ts';

/** Errors of the HTTP API and of who may use it. */
export const apiErrors = {
  API_UNAUTHENTICATED: {
    meaning:
      'The request has no token, or one that the API does not know, that has expired, or that is for another API.',
    retryable: false,
    hint: 'Send `Authorization: Bearer <token>`. An operator of the API makes a token with `gantry access token`.',
  },
  API_FORBIDDEN: {
    meaning: 'The access file gives this person no role that allows the request.',
    retryable: false,
    hint: '`gantry access explain <who> <kind>` says which grant is missing. Ask the owners of the access file.',
  },
  API_NO_ROUTE: {
    meaning: 'The API has nothing under this method and path.',
    retryable: false,
    hint: 'GET /v1/openapi.json lists every path. In a run id, write each slash as %2F.',
  },
  API_BAD_REQUEST: {
    meaning:
      'The request cannot be read: its body is not JSON, or its query or a header is not of the form that the API takes.',
    retryable: false,
    hint: 'GET /v1/openapi.json has the form of every request.',
  },
  API_BODY_TOO_LARGE: {
    meaning: 'The body of the request is larger than the API takes.',
    retryable: false,
    hint: 'An input of a run is small. Send only what its schema names.',
  },
  API_UNSUPPORTED_MEDIA_TYPE: {
    meaning: 'The API takes JSON alone.',
    retryable: false,
    hint: 'Send the body with `Content-Type: application/json`.',
  },
  API_TOO_MANY_REQUESTS: {
    meaning: 'This person has sent more requests than the API takes within a minute.',
    retryable: true,
    hint: 'Wait as long as the header Retry-After says. To follow a run, read its events instead of asking again and again.',
  },
  IDEMPOTENCY_KEY_MISSING: {
    meaning:
      'A request that starts a run has no Idempotency-Key. Without one, a request that is sent again could start a second run.',
    retryable: false,
    hint: 'Send the header `Idempotency-Key` with 8 to 128 letters, digits, dots, dashes or underscores, a new one for each run.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    meaning: 'The same Idempotency-Key came with another request before.',
    retryable: false,
    hint: 'Use a new key for a new run. The run that this key started is named in the evidence.',
  },
  ACCESS_NOT_FOUND: {
    meaning: 'There is no access file. The API refuses everybody without one.',
    retryable: false,
    hint: 'Set GANTRY_ACCESS to the path of the access file (docs/api.md has an example).',
  },
  ACCESS_INVALID: {
    meaning: 'The access file does not have the form that Gantry expects. Every problem is listed with its place.',
    retryable: false,
    hint: 'Correct the file; docs/api.md explains each field.',
  },
} as const satisfies Record<string, CatalogueEntry>;
