/** What the SDK says of a call that failed: the service's name of it, the status, the system's code, and its words. */
export type AwsFailure = { name: string; status: number | undefined; systemCode: string | undefined; said: string };

/** Reads whatever the SDK throws. A name that says nothing is none. */
export function readAwsFailure(error: unknown): AwsFailure {
  const from = (typeof error === 'object' && error !== null ? error : {}) as {
    name?: unknown;
    Code?: unknown;
    code?: unknown;
    message?: unknown;
    $metadata?: { httpStatusCode?: number };
  };
  const named = typeof from.Code === 'string' ? from.Code : from.name;
  const name = typeof named === 'string' && !/^(Error|UnknownError|Unknown|\d+)$/.test(named) ? named : '';
  const message = typeof from.message === 'string' ? from.message : String(error);
  return {
    name,
    status: from.$metadata?.httpStatusCode,
    systemCode: typeof from.code === 'string' ? from.code : undefined,
    said: message.trim().slice(0, 400),
  };
}
