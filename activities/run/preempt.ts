import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type {
  ControlActivities,
  Holder,
  Kind,
  PreemptRequest,
  Preemption,
  RunState,
  RunStatus,
} from '../../src/runs/index.ts';
import { statusQueryName } from '../../src/runs/index.ts';
import { plainActivity } from '../../src/steps/index.ts';
import { describeHolder } from './holder.ts';

const pollEveryMs = 100;
/** How long a run may take to say how it stands. Milliseconds. */
const askMs = 2_000;

/**
 * An outage never waits for a lock. The holder is asked to end at its next safe point; one that hasn't within the grace
 * (its worker may be dead) is terminated: what its last attempt may still do is refused by the epoch of its target.
 */
export function createPreemptHolder(client: Client): ControlActivities['preemptHolder'] {
  return plainActivity(async ({ workflowId, kind, by, graceMs }, signal) => {
    const holder = await describeHolder(client, workflowId);
    if (!holder?.open) return { how: 'gone' } satisfies Preemption;
    if (holder.kind === kind && (await isAtWork(client, holder)))
      return { how: 'refused', holder } satisfies Preemption;
    const handle = client.workflow.getHandle(workflowId, holder.runId);
    const request: PreemptRequest = { by, kind, reason: `${kind} takes over` };
    // Not awaited: with no worker alive nobody answers. A refusal (asked already, ended) shows in the look below.
    void handle.executeUpdate('preempt', { args: [request] }).catch(() => undefined);
    if (await ended(client, holder, graceMs, signal)) return { how: 'ended', holder } satisfies Preemption;
    await handle.terminate(`${kind satisfies Kind} took over: it did not end within ${graceMs} ms`);
    return { how: 'terminated', holder } satisfies Preemption;
  });
}

/**
 * Whether a run of the same kind still does what it is there for. One that is parked waits for a person, and one past its
 * point of no return has replaced somebody else: neither must keep the next outage waiting.
 */
async function isAtWork(client: Client, holder: Holder): Promise<boolean> {
  if (holder.state === ('parked' satisfies RunState)) return false;
  const handle = client.workflow.getHandle(holder.workflowId, holder.runId);
  const asked = client.connection.withDeadline(Date.now() + askMs, () => handle.query<RunStatus>(statusQueryName));
  // Nobody answers for it: its worker may be dead, and then so is its work.
  const status = await asked.catch(() => undefined);
  return status !== undefined && !status.pastNoReturn;
}

async function ended(client: Client, holder: Holder, graceMs: number, signal: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline) {
    const now = await describeHolder(client, holder.workflowId);
    if (!now?.open || now.runId !== holder.runId) return true;
    await pause(pollEveryMs, undefined, { signal });
  }
  return false;
}
