import { GantryError } from '../../../src/errors/index.ts';
import type { WatchTick } from '../../../src/planning/redis/index.ts';
import { auditGroup } from '../../../src/planning/redis/index.ts';
import type { RedisGroupAccess } from '../access/access.ts';
import { readFacts } from '../group/read-facts.ts';

/** Audits beside the sampling, which must not wait for a node that hangs. */
export type Auditor = {
  /** Begins one, unless one is under way. */
  start: (signal: AbortSignal) => void;
  /** When the last one began, by the clock that it was given; 0 if none did. */
  startedAt: () => number;
  /** What came of those that have ended since this was last asked. */
  taken: () => WatchTick[];
  stop: () => void;
};

export function createAuditor(access: () => Promise<RedisGroupAccess>, clock: () => number): Auditor {
  const stopped = new AbortController();
  let ended: WatchTick[] = [];
  let running = false;
  let last = 0;
  return {
    start: (signal) => {
      if (running) return;
      running = true;
      last = clock();
      void audit(access, clock, AbortSignal.any([signal, stopped.signal]))
        .then((tick) => void ended.push(tick))
        // Cut off at the end of a watch, or a mistake of ours that the next one will show again: it has said nothing.
        .catch(() => undefined)
        .finally(() => (running = false));
    },
    startedAt: () => last,
    taken: () => {
      const ticks = ended;
      ended = [];
      return ticks;
    },
    stop: () => stopped.abort(),
  };
}

async function audit(
  access: () => Promise<RedisGroupAccess>,
  clock: () => number,
  signal: AbortSignal,
): Promise<WatchTick> {
  try {
    const group = await access();
    const findings = auditGroup(group.config, await readFacts(group, signal));
    signal.throwIfAborted();
    return { kind: 'audited', at: new Date(clock()).toISOString(), findings };
  } catch (error) {
    // The sampling finds the same, and says it.
    if (error instanceof GantryError) return { kind: 'trouble', code: error.code, message: error.message };
    throw error;
  }
}
