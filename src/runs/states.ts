/** The states of a run, the same for every kind. */
export const runStates = [
  'planning',
  'awaiting-approval',
  'running',
  'paused',
  'parked',
  'undoing',
  'done',
  'planned',
  'aborted',
  'preempted',
  'cancelled',
  'refused',
  'failed',
] as const;

export type RunState = (typeof runStates)[number];

/** The states in which a run has ended. */
export const closedStates = ['done', 'planned', 'aborted', 'preempted', 'cancelled', 'refused', 'failed'] as const;

export type Outcome = (typeof closedStates)[number];

/** Whether a run in this state has ended. */
export function isClosed(state: RunState): state is Outcome {
  return (closedStates as readonly string[]).includes(state);
}
