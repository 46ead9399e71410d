import type { StepRuntime } from '../../src/steps/index.ts';
import { memoryPayloads } from './payloads.ts';

/** A worker whose platform file has one part alone, whatever is asked for; its payload store is in memory unless given. */
export function oneDigest(digest: string, payloads: StepRuntime['payloads'] = memoryPayloads()): StepRuntime {
  return { digestOf: () => digest, hasDigest: (one) => one === digest, payloads };
}
