import type { Parked, RunStatus } from '../../src/runs/index.ts';

/** What the Temporal UI shows of each update of a run: what it does, and the JSON to paste. */
export const descriptions = {
  status: 'State, plan, steps, and what the run waits for',
  pause: 'Wait at the next safe point: {"by":"…","reason":"…"}',
  resume: 'Go on after a pause: {"by":"…"}',
  abort: 'Stop and undo what this run changed: {"by":"…","reason":"…"}',
  preempt: 'An emergency takes the resource over: {"by":"…","kind":"…"}',
} as const;

/** What is waited for: the hash of the plan, and whether the API must sign. Nothing: no approval is waited for. */
export type AskedFor = { hash: string; signed: boolean };

/** Of `approve`. */
export function describeApprove(asked: AskedFor | undefined): string {
  if (asked?.signed)
    return `Plan ${asked.hash} is approved over the HTTP API, which signs: an approval from here does not count`;
  const paste = JSON.stringify({ planHash: asked?.hash ?? '…', by: '…' });
  return asked ? `Approve the plan: ${paste}` : `Approve the plan, once the run waits for it: ${paste}`;
}

/** Of `resolve`. */
export function describeResolve(parked: Pick<Parked, 'id' | 'options'> | undefined): string {
  // `abort` is an update of its own.
  const actions = parked?.options.filter((option) => option !== 'abort') ?? ['retry', 'skip', 'stop'];
  const paste = `{"action":"${actions.join('|')}","park":"${parked?.id ?? '…'}","by":"…","reason":"…","acceptedRisk":"…"}`;
  return parked ? `Decide about the park: ${paste}` : `Decide, once the run is parked: ${paste}`;
}

/** What a run waits for, for the descriptions. */
export function askedFor({
  state,
  approval,
  plan,
}: Pick<RunStatus, 'state' | 'approval' | 'plan'>): AskedFor | undefined {
  if (state !== 'awaiting-approval' || !approval || !plan) return undefined;
  return { hash: plan.hash, signed: approval.signed === true };
}
