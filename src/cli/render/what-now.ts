import type { RunStatus } from '../../runs/index.ts';
import { isClosed } from '../../runs/index.ts';

/** The decisions of the command line. */
export type DecisionVerb = 'approve' | 'pause' | 'resume' | 'abort' | 'retry' | 'skip' | 'stop';

/** What happens now that a decision about a run is taken, in one line. */
export function whatNow(verb: DecisionVerb, status: RunStatus): string {
  const { state, workflowId, pending, parked } = status;
  if (isClosed(state)) return ended(status);
  if (parked) return `it is parked at "${parked.title}": ${parked.trouble.code}`;
  if (state === 'paused') return `it is paused; \`gantry resume ${workflowId}\` lets it go on`;
  if (state === 'undoing') return 'it undoes what it changed, the last step first';
  if (state === 'awaiting-approval')
    return pending.includes('pause')
      ? 'it waits for its approval, and pauses after that'
      : 'it still waits for an approval';
  if (pending.includes('abort')) return `${once(status)} it undoes what it changed, and ends`;
  if (pending.includes('pause')) return `${once(status)} it pauses`;
  if (verb === 'approve') return 'it makes the plan again, and goes on if it is still the approved one';
  return goesOn(verb, status);
}

function goesOn(verb: DecisionVerb, { steps, state }: RunStatus): string {
  if (state === 'planning') return 'it plans';
  // Between two steps: it had halted there, and looks first.
  if (verb === 'resume' && !underWay(steps)) return 'it goes on, once what it made is found unchanged';
  const at = underWay(steps) ?? steps.findLast(({ state: now }) => now === 'failed');
  if (verb === 'retry') return at ? `it tries "${at.title}" again` : 'it tries again';
  if (verb === 'skip') return 'it goes on with the next step';
  return 'it goes on';
}

/** Until when a decision that is pending waits. */
function once({ steps }: RunStatus): string {
  const at = underWay(steps);
  return at ? `once "${at.title}" has ended` : 'at its next safe point';
}

function underWay(steps: RunStatus['steps']): RunStatus['steps'][number] | undefined {
  return steps.findLast(({ state }) => state === 'running' || state === 'looking');
}

function ended({ state, steps }: RunStatus): string {
  const left = steps.filter(({ changed, state: now }) => changed && now !== 'undone').length;
  if (state === 'aborted') return left === 0 ? 'it has ended; it had changed nothing' : 'it has ended; see its report';
  return `it has ended as ${state}; its report says what remains`;
}
