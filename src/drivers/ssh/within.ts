import { sshFailed } from './errors.ts';

/**
 * Waits for something no longer than its caller may: `late` says what did not come.
 * @throws GantryError SSH_FAILED where it is late or cancelled, and what `wanted` gives
 */
export function within<T>(
  wanted: Promise<T>,
  where: string,
  late: string,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = (): void => settle(() => reject(sshFailed(where, 'cancelled')));
    const timer = setTimeout(() => settle(() => reject(sshFailed(where, late))), timeoutMs);
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    wanted.then(
      (value) => settle(() => resolve(value)),
      (error: Error) => settle(() => reject(error)),
    );
  });
}
