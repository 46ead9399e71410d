import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from '../src/telemetry/log.ts';

/**
 * Sends what the Temporal SDK says through Gantry's log, as structured lines. Once per process, before any connection.
 * Its level is that of the log; what it says of ordinary life (state changes, polls) counts as debug.
 */
export function installRuntime(log: Logger): void {
  const logger = new DefaultLogger('DEBUG', ({ level, message, meta }) => {
    const fields = { ...(meta ?? {}) };
    if (level === 'ERROR') log.error(fields, message);
    else if (level === 'WARN') log.warn(fields, message);
    else log.debug(fields, message);
  });
  Runtime.install({ logger, telemetryOptions: { logging: { forward: {}, filter: 'WARN' } } });
}
