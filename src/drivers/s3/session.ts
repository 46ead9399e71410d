import type { S3Client } from '@aws-sdk/client-s3';
import { setTimeout as pause } from 'node:timers/promises';
import { GantryError } from '../../errors/index.ts';
import { s3Error } from './errors.ts';
import type { Limiter } from './limiter.ts';

/** How one request is sent. */
export type SendOptions = {
  /** The verb and the key, for errors. */
  request: string;
  /** It changes nothing, so that it is asked again when it was lost. */
  read?: boolean;
  /** Instead of the connection's own. */
  timeoutMs?: number;
};

/** What the verbs stand on: each request waits for its turn, has a timeout, and fails with a catalogue error. */
export type S3Session = {
  readonly client: S3Client;
  readonly bucket: string;
  readonly partBytes: number;
  /** Silence in the middle of a body after which it is given up. Milliseconds. */
  readonly idleMs: number;
  readonly signal: AbortSignal | undefined;
  /** `act` sends one request with the signal that it is given. */
  send: <T>(options: SendOptions, act: (signal: AbortSignal) => Promise<T>) => Promise<T>;
  /** The same for a body that is read after the answer: the turn lasts until `release`. */
  open: <T>(
    options: SendOptions,
    act: (signal: AbortSignal) => Promise<T>,
  ) => Promise<{ answer: T; abort: () => void; release: () => void }>;
  beforeChange: (() => void) | undefined;
};

/** Attempts of a request that was throttled, or of a read that was lost. */
const attempts = 5;
const firstPauseMs = 200;

/** @internal */
export function sessionOver(options: {
  client: S3Client;
  bucket: string;
  partBytes: number;
  limiter: Limiter;
  timeoutMs: number;
  idleMs: number;
  signal: AbortSignal | undefined;
  beforeChange: (() => void) | undefined;
}): S3Session {
  const { client, bucket, partBytes, limiter, timeoutMs, idleMs, signal, beforeChange } = options;
  const open: S3Session['open'] = async ({ request, read = false, timeoutMs: limitMs = timeoutMs }, act) => {
    for (let attempt = 1; ; attempt += 1) {
      const release = await limiter.turn(signal);
      const ending = new AbortController();
      const timer = setTimeout(() => ending.abort(new Error('timed out')), limitMs);
      try {
        if (!read) beforeChange?.();
        const answer = await act(signal ? AbortSignal.any([signal, ending.signal]) : ending.signal);
        return { answer, abort: () => ending.abort(), release };
      } catch (error) {
        release();
        if (signal?.aborted) throw signal.reason;
        const known = ending.signal.aborted
          ? new GantryError('S3_TIMEOUT', `${request}: no answer within ${limitMs} ms`, { evidence: { request } })
          : s3Error(error, request);
        if (attempt >= attempts || !asksAgain(known, read)) throw known;
      } finally {
        clearTimeout(timer);
      }
      // Full jitter: many that were throttled at once must not come back at once.
      await pause(firstPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2), undefined, signal ? { signal } : {});
    }
  };
  return {
    client,
    bucket,
    partBytes,
    idleMs,
    signal,
    beforeChange,
    open,
    send: async (how, act) => {
      const { answer, release } = await open(how, act);
      release();
      return answer;
    },
  };
}

/** What was throttled took no effect. What was lost may have: only a read is asked again. */
function asksAgain({ code, evidence }: GantryError, read: boolean): boolean {
  if (code === 'S3_THROTTLED') return evidence['name'] !== 'GlacierExpeditedRetrievalNotAvailable';
  return read && (code === 'S3_UNREACHABLE' || code === 'S3_TIMEOUT');
}
