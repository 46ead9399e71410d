import type { Logger } from 'pino';
import { destination, pino } from 'pino';

export type { Logger } from 'pino';

/** Structured logs on standard error: a static message and fields. Standard output belongs to results. */
export function createLog(level = 'info'): Logger {
  return pino(
    { level, base: null, redact: ['password', '*.password', 'token', '*.token', 'secret', '*.secret'] },
    destination(2),
  );
}
