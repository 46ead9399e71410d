import type { PayloadStore, RunReport, Stored, StepRecord } from '../runs/index.ts';
import { readBack } from './keep.ts';

/**
 * A report with all of its steps and their evidence, for whoever works from what an earlier run found. `only`: the step whose
 * evidence is needed; that of the others stays where it is, or may be gone.
 * @throws PAYLOAD_MISSING, PAYLOAD_DAMAGED
 */
export async function wholeReport(store: PayloadStore, report: RunReport, only?: string): Promise<RunReport> {
  const { pages } = report;
  const steps = pages ? (await Promise.all(pages.map((page) => stepsOf(store, page)))).flat() : report.steps;
  const read = async (step: StepRecord): Promise<StepRecord> =>
    only === undefined || step.step === only ? readBack(store, step) : step;
  const whole = { ...report, steps: await Promise.all(steps.map(read)) };
  delete whole.pages;
  delete whole.stepsBefore;
  delete whole.evidenceLeftOut;
  return whole;
}

async function stepsOf(store: PayloadStore, page: Stored<readonly StepRecord[]>): Promise<readonly StepRecord[]> {
  return JSON.parse(await store.get(page)) as readonly StepRecord[];
}
