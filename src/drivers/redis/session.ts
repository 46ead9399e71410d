import { GantryError } from '../../errors/index.ts';
import { unexpected } from './info.ts';
import type { Endpoint } from './types.ts';
import { epochKey } from './types.ts';

export type Answer = { ok: true; value: unknown } | { ok: false; error: GantryError };

/** What the verbs stand on: one connection, every error turned into a catalogue error. */
export type RedisSession = {
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

/** What a guarded transaction is decided to be: these commands, an answer without any, or a refusal. */
export type Decision<T> = { commands: readonly (readonly string[])[] } | { settled: T } | { refuse: GantryError };

/**
 * One transaction that the node refuses if the epoch, or another key of `watch`, has changed or expired since it was
 * looked at. `look` holds the reads that belong to the decision; they are done under the same watch.
 *
 * @throws STALE_ATTEMPT if a watched key moved before EXEC; what `decide` refuses with. Nothing was carried out then.
 */
export function guarded<T>(
  session: RedisSession,
  { watch = [], look = [] }: { watch?: readonly string[]; look?: readonly (readonly string[])[] },
  decide: (epoch: number, seen: unknown[]) => Decision<T>,
  conclude: (answers: Answer[]) => T,
): Promise<T> {
  return session.exclusively(async () => {
    const reads = [['watch', epochKey, ...watch], ['get', epochKey], ...look];
    const [, value, ...seen] = await session.pipeline(reads);
    const decision = decide(epochOf(value, session.endpoint), seen);
    if ('commands' in decision) {
      const answers = await session.transaction(decision.commands);
      if (!answers) throw stale(session.endpoint, 'the epoch or the lease moved while the transaction was prepared');
      return conclude(answers);
    }
    await session.send('unwatch');
    if ('refuse' in decision) throw decision.refuse;
    return decision.settled;
  });
}

/** A refusal since a later attempt has taken over. */
export function stale({ host, port }: Endpoint, why: string): GantryError {
  return new GantryError('STALE_ATTEMPT', `${host}:${port}: ${why}`);
}
