import { GantryError } from '../../errors/index.ts';
import { unexpected } from './info.ts';
import type { Endpoint } from './types.ts';
import { epochKey } from './types.ts';

export type Answer = { ok: true; value: unknown } | { ok: false; error: GantryError };

/** What the verbs stand on: one connection, every error turned into a catalogue error. */
export type RedisLink = {
  endpoint: Endpoint;
  commandTimeoutMs: number;
  send: (command: string, ...args: (string | number)[]) => Promise<unknown>;
  /** Several commands in one round trip; throws the first error. */
  pipeline: (commands: readonly (readonly string[])[]) => Promise<unknown[]>;
  /** MULTI … EXEC in one round trip; undefined if a watched key changed. Answers keep their order. */
  transaction: (commands: readonly (readonly string[])[]) => Promise<Answer[] | undefined>;
  /** One WATCH … EXEC at a time. */
  exclusively: <T>(run: () => Promise<T>) => Promise<T>;
};

/** The value of the epoch key → a whole number; 0 if there is none. @throws REDIS_UNEXPECTED_ANSWER */
export function epochOf(value: unknown, endpoint: Endpoint): number {
  if (value === null) return 0;
  const epoch = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : NaN;
  return Number.isSafeInteger(epoch) ? epoch : unexpected(endpoint, `${epochKey} is not a whole number`);
}

/** A text answer. @throws REDIS_UNEXPECTED_ANSWER */
export function textOf(value: unknown, endpoint: Endpoint, command: string): string {
  return typeof value === 'string' ? value : unexpected(endpoint, `${command} did not answer a text`);
}

/**
 * Carries out `commands` in one transaction that the node refuses if the epoch moved since it was looked at.
 * `look` holds the reads that belong to the decision; they are done under the same watch.
 *
 * @throws STALE_ATTEMPT if `allowed` says no, or the epoch moved before EXEC: nothing was carried out.
 */
export function guarded<T>(
  link: RedisLink,
  look: readonly (readonly string[])[],
  decide: (epoch: number, seen: unknown[]) => readonly (readonly string[])[] | { settled: T } | { stale: string },
  conclude: (answers: Answer[]) => T,
): Promise<T> {
  return link.exclusively(async () => {
    const [, value, ...seen] = await link.pipeline([['watch', epochKey], ['get', epochKey], ...look]);
    const decision = decide(epochOf(value, link.endpoint), seen);
    if (isCommands(decision)) {
      const answers = await link.transaction(decision);
      if (!answers) throw stale(link.endpoint, 'the epoch moved while the transaction was prepared');
      return conclude(answers);
    }
    await link.send('unwatch');
    if ('stale' in decision) throw stale(link.endpoint, decision.stale);
    return decision.settled;
  });
}

function isCommands<T>(value: readonly (readonly string[])[] | T): value is readonly (readonly string[])[] {
  return Array.isArray(value);
}

function stale(endpoint: Endpoint, why: string): GantryError {
  return new GantryError('STALE_ATTEMPT', `${endpoint.host}:${endpoint.port}: ${why}`);
}
