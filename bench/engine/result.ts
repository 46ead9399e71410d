import type { AddedCost } from './added-cost.ts';
import type { Memory } from './memory.ts';
import type { RateTried } from './rate.ts';

/** All that the bench `engine` answers. */
export type EngineResult = AddedCost &
  Memory & {
    bench: 'engine';
    quick: boolean;
    runsPerSecond: number;
    ratesTried: readonly RateTried[];
    /** From spawn to the first finished run; the median. */
    workerStartMs: number;
    workerStartsMs: readonly number[];
    /** Null when fewer runs were opened (`--quick`). */
    rss500RunsMb: number | null;
    settings: readonly string[];
    serverVersion: string;
    node: string;
    cores: number;
    memoryGib: number;
    /** The machine's load average over a minute, before and after: others may use it too. */
    load: readonly number[];
  };
