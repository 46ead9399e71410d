import { setTimeout as pause } from 'node:timers/promises';
import { GantryError } from '../../errors/index.ts';
import type { AwsFamily } from './errors.ts';
import { awsError } from './errors.ts';
import type { AwsCredentials, AwsEndpoint } from './types.ts';

export type AwsOptions = {
  /** For one request; 30,000 unless given. Milliseconds. */
  timeoutMs?: number;
  /** Before the first further attempt, doubled each time; 200 unless given. Milliseconds. */
  firstPauseMs?: number;
  signal?: AbortSignal;
  /** Called right before each request that changes something; what it throws keeps the request from being sent. */
  beforeChange?: () => void;
};

export type Act<C, T> = (client: C, options: { abortSignal: AbortSignal }) => Promise<T>;

/** How a service of AWS is asked: each request has a timeout and fails with a catalogue error. */
export type AwsRequests<C> = {
  /** A question; it is asked again where it was lost or throttled. */
  ask: <T>(request: string, act: Act<C, T>) => Promise<T>;
  /** A change; it is sent again only where the service says that it was throttled: then nothing was done. */
  change: <T>(request: string, act: Act<C, T>) => Promise<T>;
  /** All pages of a question, up to a bound: `next` reads the token of the next one from an answer. */
  pages: <T, P>(
    request: string,
    act: (client: C, token: P | undefined, options: { abortSignal: AbortSignal }) => Promise<T>,
    next: (answer: T) => P | undefined,
  ) => Promise<T[]>;
  close: () => void;
};

const attempts = 5;
/** A server that gives a token for ever is not believed. */
const maxPages = 1_000;
const ignore = (): void => undefined;
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** What every client of the SDK is made with. */
export function clientConfig({ region, endpoint }: AwsEndpoint, credentials: AwsCredentials | undefined) {
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    // It would write to the console what our own errors say.
    logger: silent,
    // What is sent again is decided here.
    maxAttempts: 1,
  };
}

/** Requests through one client of the SDK. */
export function requestsOf<C extends { destroy: () => void }>(
  family: AwsFamily,
  client: C,
  { timeoutMs = 30_000, firstPauseMs = 200, signal, beforeChange }: AwsOptions,
): AwsRequests<C> {
  const send = async <T>(request: string, reads: boolean, act: Act<C, T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        if (!reads) beforeChange?.();
        return await act(client, { abortSignal: signal ? AbortSignal.any([signal, deadline]) : deadline });
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        const known = deadline.aborted
          ? new GantryError(`${family}_UNREACHABLE`, `${request}: no answer within ${timeoutMs} ms`, {
              evidence: { request },
            })
          : awsError(family, error, request);
        const throttled = known.code === `${family}_THROTTLED`;
        const again = throttled || (reads && known.code === `${family}_UNREACHABLE`);
        if (attempt >= attempts || !again) throw known;
      }
      // Jitter: many that were throttled at once must not come back at once.
      const ms = firstPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
      await pause(ms, undefined, signal ? { signal } : {});
    }
  };
  const ask: AwsRequests<C>['ask'] = (request, act) => send(request, true, act);
  return {
    ask,
    change: (request, act) => send(request, false, act),
    pages: async (request, act, next) => {
      const all = [];
      let token: Parameters<typeof act>[1];
      for (let page = 0; page < maxPages; page += 1) {
        const answer = await ask(request, (one, options) => act(one, token, options));
        all.push(answer);
        token = next(answer);
        if (token === undefined) return all;
      }
      throw new GantryError(`${family}_REFUSED`, `${request}: more than ${maxPages} pages`);
    },
    close: () => client.destroy(),
  };
}
