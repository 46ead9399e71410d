import { monotonicMs, pause } from '../../lab/clock.ts';
import type { ApiStage } from './stage.ts';

/** A start, from its first attempt to the answer that counts. Milliseconds of the monotonic clock. */
export type Start = { group: string; at: number; ms: number; attempts: number; again: boolean };

const attemptMs = 15_000;
const againMs = 250;

/** Starts a run, and sends it again with the same key until there is an answer: that is what the key is for. */
export async function startRun({ url, tokens }: ApiStage, who: number, group: string): Promise<Start> {
  const at = monotonicMs();
  for (let attempts = 1; ; attempts += 1) {
    try {
      const answer = await fetch(`${url}/v1/redis/switchover`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tokens[who]}`,
          ...{ 'content-type': 'application/json', 'idempotency-key': `start-${group}` },
        },
        body: JSON.stringify({ group }),
        signal: AbortSignal.timeout(attemptMs),
      });
      const body = (await answer.json()) as { again?: boolean; title?: string };
      if (answer.ok) return { group, at, ms: monotonicMs() - at, attempts, again: body.again === true };
      if (answer.status < 500) throw new Refused(`${answer.status} ${body.title}`);
    } catch (error) {
      if (error instanceof Refused) throw error;
    }
    await pause(againMs);
  }
}

class Refused extends Error {}

/** Every client asks for the status of one run after the other, for this long. Answers how many came back. */
export async function readStatuses(
  { url, tokens }: ApiStage,
  groups: readonly string[],
  forMs: number,
): Promise<number> {
  const until = monotonicMs() + forMs;
  let answered = 0;
  const reader = async (who: number): Promise<void> => {
    for (let turn = who; monotonicMs() < until; turn += 7) {
      const group = groups[turn % groups.length];
      const answer = await fetch(`${url}/v1/runs/redis%2F${group}`, {
        headers: { authorization: `Bearer ${tokens[who]}` },
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`a status was answered with ${answer.status}: ${text.slice(0, 300)}`);
      answered += 1;
    }
  };
  await Promise.all(tokens.map((_token, who) => reader(who)));
  return answered;
}
