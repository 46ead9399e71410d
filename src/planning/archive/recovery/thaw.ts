import type { ThawTier } from '../../../runs/index.ts';
import { slowerTier } from './tiers.ts';

/** How an object stands, as HEAD of its exact version shows it. `missing`: no such version. */
export type ThawSeen =
  | { state: 'warm' }
  | { state: 'cold' }
  | { state: 'thawing' }
  | { state: 'thawed'; expiresAtMs: number }
  | { state: 'missing' };

/** What is to be done about it. */
export type ThawAction =
  /** It can be read, for as long as it is needed. */
  | 'none'
  /** No thaw was asked for, or its copy has expired. */
  | 'request'
  /** One is under way: the period cannot be changed now. */
  | 'wait'
  /** There is a copy that may expire before its turn: asked for again, its days are counted from then on. */
  | 'extend'
  | 'missing';

/** Clocks may differ by so much: the expiry is by the store's, the time is the worker's. */
export const clockSkewMs = 10 * 60_000;

/**
 * The state machine of a thaw, as a pure function: what is seen decides, not what was asked before, so that a retry, a worker
 * that was lost and a second run all come to the same. `neededUntilMs`: when its copy-out is expected to be over, margin included.
 */
export function thawAction(seen: ThawSeen, neededUntilMs: number): ThawAction {
  switch (seen.state) {
    case 'warm':
      return 'none';
    case 'cold':
      return 'request';
    case 'thawing':
      return 'wait';
    case 'thawed':
      return seen.expiresAtMs - clockSkewMs < neededUntilMs ? 'extend' : 'none';
    case 'missing':
      return 'missing';
  }
}

/** The answer of a request to thaw. */
export type ThawAnswer = 'accepted' | 'extended' | 'inProgress' | 'noCapacity' | 'notCold';

/** What an answer means for the step that asked. */
export type AfterAnswer =
  | { is: 'settled' }
  /** Asked again with this tier. */
  | { is: 'again'; tier: ThawTier; afterMs: number };

const capacityTries = 3;
const capacityWaitMs = 5_000;

/**
 * What follows from the answer to a request. In progress is success: someone asked before. No capacity for Expedited is asked
 * again a few times, then a slower tier is asked for: three hours are better than an error.
 */
export function afterAnswer(
  answer: ThawAnswer,
  { storageClass, tier, tries }: { storageClass: string; tier: ThawTier; tries: number },
): AfterAnswer {
  if (answer !== 'noCapacity') return { is: 'settled' };
  if (tries < capacityTries) return { is: 'again', tier, afterMs: capacityWaitMs * tries };
  const slower = slowerTier(storageClass, tier);
  return { is: 'again', tier: slower ?? tier, afterMs: slower ? 0 : capacityWaitMs * tries };
}
