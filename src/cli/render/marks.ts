import type { RunState, StepState } from '../../runs/index.ts';
import type { Ink } from './paint.ts';

/** One column each, so that trees and tables stay straight in any terminal. */
export const stepMarks = {
  pending: { mark: '·', ink: 'dim' },
  looking: { mark: '?', ink: 'cyan' },
  running: { mark: '▶', ink: 'cyan' },
  done: { mark: '✓', ink: 'green' },
  unchanged: { mark: '=', ink: 'green' },
  failed: { mark: '✗', ink: 'red' },
  skipped: { mark: '↷', ink: 'yellow' },
  undoing: { mark: '↩', ink: 'yellow' },
  undone: { mark: '↩', ink: 'dim' },
} as const satisfies Record<StepState, { mark: string; ink: Ink }>;

export const stateInks = {
  planning: 'cyan',
  'awaiting-approval': 'yellow',
  running: 'cyan',
  paused: 'yellow',
  parked: 'red',
  undoing: 'yellow',
  done: 'green',
  planned: 'green',
  aborted: 'yellow',
  preempted: 'yellow',
  cancelled: 'yellow',
  refused: 'red',
  failed: 'red',
} as const satisfies Record<RunState, Ink>;
