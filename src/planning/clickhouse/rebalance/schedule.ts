import type { RebalancePolicy } from '../facts/types.ts';

export type Timed = { startsAfterMs: number; takesMs: number };

/** When each move starts and how long it takes, `window` at once, a wave after the one before it. An estimate. */
export function schedule(
  moves: readonly { bytes: number; wave: number }[],
  policy: Pick<RebalancePolicy, 'window' | 'moveBytesPerSecond' | 'moveOverheadMs'>,
): { times: Timed[]; durationMs: number } {
  let durationMs = 0;
  let wave = moves[0]?.wave;
  let slots = new Array<number>(policy.window).fill(0);
  const times = moves.map((move): Timed => {
    if (move.wave !== wave) {
      wave = move.wave;
      slots = slots.map(() => durationMs);
    }
    const startsAfterMs = Math.min(...slots);
    const takesMs = Math.round(policy.moveOverheadMs + (move.bytes / policy.moveBytesPerSecond) * 1000);
    slots[slots.indexOf(startsAfterMs)] = startsAfterMs + takesMs;
    durationMs = Math.max(durationMs, startsAfterMs + takesMs);
    return { startsAfterMs, takesMs };
  });
  return { times, durationMs };
}
