import type { ClockFacts } from './types.ts';

/** Of a synchronised clock. Milliseconds. */
const serviceBoundMs = 10;
/** Against the worker's clock, which is not checked against a third one: clocks set from a battery clock are a second off. Milliseconds. */
const workerBoundMs = 5_000;

/** What is wrong with the host's clock, and what is worth a warning. */
export type ClockVerdict = { mismatch?: string; warning?: string };

/**
 * Whose clock is wrong. Where the host's time service says that it is synchronised, the worker's clock decides nothing: it may
 * itself be off. Without one the two can only disagree, and the message says so. Pure.
 */
export function clockVerdict({ againstWorkerMs, uncertaintyMs, service }: ClockFacts): ClockVerdict {
  const apart = Math.abs(againstWorkerMs) - uncertaintyMs;
  const words = `${seconds(Math.abs(againstWorkerMs))} ${againstWorkerMs < 0 ? 'behind' : 'ahead of'} this worker's`;
  if (service?.synchronised) {
    const off = service.offsetMs === undefined ? 0 : Math.abs(service.offsetMs);
    if (off > serviceBoundMs) {
      return {
        mismatch: `the host's clock is ${off.toFixed(1)} ms off by ${service.name}, more than ${serviceBoundMs} ms`,
      };
    }
    if (apart <= workerBoundMs) return {};
    const proof = service.offsetMs === undefined ? 'is synchronised' : `is ${off.toFixed(1)} ms off`;
    return {
      warning: `the host's clock is ${words}; ${service.name} says that the host's ${proof}: this worker's clock is off`,
    };
  }
  const why = service ? `${service.name} is not synchronised` : 'the host has no time service';
  if (apart <= workerBoundMs) return { warning: `${why}: its clock was only compared with this worker's` };
  return { mismatch: `the host's clock is ${words}, and ${why}: which of the two is off cannot be told` };
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`;
}
