import { EC2Client } from '@aws-sdk/client-ec2';
import { setTimeout as pause } from 'node:timers/promises';
import { GantryError } from '../../errors/index.ts';
import { ec2Error } from './errors.ts';
import type { Ec2Credentials, Ec2Endpoint } from './types.ts';

export type Ec2Options = {
  /** For one request; 30,000 unless given. Milliseconds. */
  timeoutMs?: number;
  /** Before the first further attempt, doubled each time; 200 unless given. Milliseconds. */
  firstPauseMs?: number;
  signal?: AbortSignal;
  /** Called right before each request that changes something; what it throws keeps the request from being sent. */
  beforeChange?: () => void;
};

type Act<T> = (client: EC2Client, options: { abortSignal: AbortSignal }) => Promise<T>;

/** What the verbs stand on: each request has a timeout and fails with a catalogue error. */
export type Ec2Session = {
  /** A question; it is asked again where it was lost or throttled. */
  ask: <T>(request: string, act: Act<T>) => Promise<T>;
  /** A change; it is sent again only where EC2 says that it was throttled: then nothing was done. */
  change: <T>(request: string, act: Act<T>) => Promise<T>;
  /** All pages of a question, up to a bound. */
  pages: <T>(
    request: string,
    act: (
      client: EC2Client,
      page: { NextToken?: string },
      options: { abortSignal: AbortSignal },
    ) => Promise<{ NextToken?: string | undefined } & T>,
  ) => Promise<T[]>;
  close: () => void;
};

const attempts = 5;
/** A server that gives a token for ever is not believed. */
const maxPages = 1_000;
const ignore = (): void => undefined;
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** @internal */
export function sessionTo(
  { region, endpoint }: Ec2Endpoint,
  credentials: Ec2Credentials | undefined,
  { timeoutMs = 30_000, firstPauseMs = 200, signal, beforeChange }: Ec2Options,
): Ec2Session {
  const client = new EC2Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    // It would write to the console what our own errors say.
    logger: silent,
    // What is sent again is decided here.
    maxAttempts: 1,
  });
  const send = async <T>(request: string, reads: boolean, act: Act<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        if (!reads) beforeChange?.();
        return await act(client, { abortSignal: signal ? AbortSignal.any([signal, deadline]) : deadline });
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        const known = deadline.aborted
          ? new GantryError('EC2_UNREACHABLE', `${request}: no answer within ${timeoutMs} ms`, {
              evidence: { request },
            })
          : ec2Error(error, request);
        const again = known.code === 'EC2_THROTTLED' || (reads && known.code === 'EC2_UNREACHABLE');
        if (attempt >= attempts || !again) throw known;
      }
      // Jitter: many that were throttled at once must not come back at once.
      const ms = firstPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
      await pause(ms, undefined, signal ? { signal } : {});
    }
  };
  const ask: Ec2Session['ask'] = (request, act) => send(request, true, act);
  return {
    ask,
    change: (request, act) => send(request, false, act),
    pages: async (request, act) => {
      const all = [];
      let token: string | undefined;
      for (let page = 0; page < maxPages; page += 1) {
        const from = token === undefined ? {} : { NextToken: token };
        const answer = await ask(request, (one, options) => act(one, from, options));
        all.push(answer);
        token = answer.NextToken;
        if (!token) return all;
      }
      throw new GantryError('EC2_REFUSED', `${request}: more than ${maxPages} pages`);
    },
    close: () => client.destroy(),
  };
}
