/** Lets `concurrency` requests run at the same time, and `perSecond` begin in a second, evenly. */
export type Limiter = {
  /** Waits for a turn; what it answers gives the place back. @throws the reason of `signal` */
  turn: (signal?: AbortSignal) => Promise<() => void>;
};

/**
 * A token bucket of one second's tokens in front of a bounded number of places. Requests take their turn in the order in
 * which they asked: a listing is not starved by an upload of many parts.
 */
export function createLimiter(options: { concurrency: number; perSecond: number; now?: () => number }): Limiter {
  const { concurrency, perSecond, now = () => performance.now() } = options;
  const waiting: (() => void)[] = [];
  let running = 0;
  let tokens = perSecond;
  let filledAt = now();
  let timer: NodeJS.Timeout | undefined;

  const refill = (): void => {
    const at = now();
    tokens = Math.min(perSecond, tokens + ((at - filledAt) / 1_000) * perSecond);
    filledAt = at;
  };
  const admit = (): void => {
    refill();
    while (waiting.length > 0 && running < concurrency && tokens >= 1) {
      tokens -= 1;
      running += 1;
      waiting.shift()?.();
    }
    if (waiting.length === 0 || running >= concurrency || timer) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        admit();
      },
      Math.max(1, Math.ceil(((1 - tokens) / perSecond) * 1_000)),
    );
  };
  return {
    turn: (signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return void reject(signal.reason as Error);
        const onAbort = (): void => {
          const at = waiting.indexOf(take);
          if (at >= 0) waiting.splice(at, 1);
          reject(signal?.reason as Error);
        };
        const take = (): void => {
          signal?.removeEventListener('abort', onAbort);
          let given = false;
          resolve(() => {
            if (given) return;
            given = true;
            running -= 1;
            admit();
          });
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        waiting.push(take);
        admit();
      }),
  };
}
