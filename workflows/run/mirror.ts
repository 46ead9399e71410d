import { defineSignal, getExternalWorkflowHandle, log, workflowInfo } from '@temporalio/workflow';
import type { Parked, RunStatus, StepRecord } from '../../src/runs/index.ts';
import { isClosed, mirrorSignalName } from '../../src/runs/index.ts';
import type { AskedFor } from './descriptions.ts';
import { askedFor } from './descriptions.ts';
import { cutToBytes } from './details-page.ts';
import { detailsMarkdown } from './details.ts';

/** How the run stands that a proxy run speaks for: what the Temporal UI shows on the page of the proxy run. */
export type Mirrored = { details: string; asked?: AskedFor; parked?: Pick<Parked, 'id' | 'options'> };

export const mirrorSignal = defineSignal<[Mirrored]>(mirrorSignalName);

/** The memo of a run that was started by a proxy run. */
export const reportsToProxy = { gantryReportsTo: 'proxy' } as const;

/** A running run is mirrored each time it is older by this share, so that one of weeks sends some hundreds of signals. */
const share = 20;
const leastMs = 30_000;

/** Tells the proxy run how its run stands. The run does not wait for it: a proxy run that has been terminated hears nothing. */
export class Mirror {
  #toldAt = 0;

  /** The run has entered a state, or what it waits for has changed. */
  tell(status: RunStatus, steps: readonly StepRecord[]): void {
    const { parent, memo } = workflowInfo();
    // How it ends the proxy run hears as its parent.
    if (!parent || memo?.['gantryReportsTo'] !== reportsToProxy.gantryReportsTo || isClosed(status.state)) return;
    this.#toldAt = Date.now();
    const asked = askedFor(status);
    const { parked } = status;
    const news: Mirrored = {
      details: detailsMarkdown(status, steps, carriedOutBy(status)),
      ...(asked ? { asked } : {}),
      ...(parked ? { parked: { id: parked.id, options: parked.options } } : {}),
    };
    void getExternalWorkflowHandle(parent.workflowId, parent.runId)
      .signal(mirrorSignal, news)
      .catch((error: unknown) => log.warn('the proxy run could not be told', { error }));
  }

  /** A step has gone on. */
  tellNowAndThen(status: RunStatus, steps: readonly StepRecord[]): void {
    const now = Date.now();
    const age = now - Date.parse(status.startedAt);
    if (this.#toldAt > 0 && now - this.#toldAt >= Math.max(leastMs, age / share)) this.tell(status, steps);
  }
}

const nameBytes = 120;

/** The line at the head of a proxy run's page that leads to the run which does the work. */
export function carriedOutBy({ workflowId, runId }: Pick<RunStatus, 'workflowId' | 'runId'>): string {
  const { namespace } = workflowInfo();
  const page = `/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}/history`;
  return `Carried out by [${cutToBytes(workflowId, nameBytes)}](${page}), to which updates sent here are handed on.`;
}
