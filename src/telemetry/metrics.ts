import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

/** What a process counts, as Prometheus reads it. */
export type Metrics = {
  registry: Registry;
  /** A notice that was tried: `outcome` is `sent` or `failed`. Each attempt counts. */
  notices: Counter<'event' | 'outcome'>;
  /** Lines of the audit that could not be written. */
  auditFailures: Counter;
};

/** The metrics that every process of Gantry has: its own memory, CPU and event loop, notices, the audit. */
export function createMetrics(process: { role: string; version: string }): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const info = new Gauge({
    name: 'gantry_process_info',
    help: 'One, with the role and the version of this process.',
    labelNames: ['role', 'version'],
    registers: [registry],
  });
  info.set(process, 1);
  return {
    registry,
    notices: new Counter({
      name: 'gantry_notices_total',
      help: 'Attempts to send a notice to people, by event and by whether they succeeded.',
      labelNames: ['event', 'outcome'],
      registers: [registry],
    }),
    auditFailures: new Counter({
      name: 'gantry_audit_failures_total',
      help: 'Lines of the audit that could not be written.',
      registers: [registry],
    }),
  };
}
