import { troubleOf } from '../../src/errors/index.ts';
import type { StepRecord, Stored } from '../../src/runs/index.ts';
import { jsonBytes } from '../../src/runs/index.ts';
import { callControl } from './call.ts';
import type { RunContext } from './context.ts';
import { simpleTrouble } from './trouble.ts';

/** Two records of the largest kind, and room for the rest. Bytes of JSON. */
const pageBytes = 128 * 1024;

/**
 * Before a run ends: if its report has no room for all of its steps and their evidence, they are stored page by page, and the
 * report refers to the pages. What can't be stored is said, and is no reason for the run to end otherwise.
 */
export async function fileSteps({ runRecord }: RunContext): Promise<void> {
  if (!runRecord.outgrown()) return;
  try {
    const pages: Stored<readonly StepRecord[]>[] = [];
    for (const page of pagesOf(runRecord.steps))
      pages.push(await callControl('storeSteps', { steps: page }, `store ${page.length} steps for the report`));
    // All or none: whoever reads the pages takes them for every step of the run.
    runRecord.pages.push(...pages);
  } catch (error) {
    const cause = troubleOf(error);
    runRecord.publishProblem = simpleTrouble(
      'PUBLISH_FAILED',
      `steps: ${cause.code}: ${cause.message}`,
      cause.evidence,
    );
  }
}

function pagesOf(steps: readonly StepRecord[]): StepRecord[][] {
  const pages: StepRecord[][] = [];
  let left = 0;
  for (const step of steps) {
    const bytes = jsonBytes(step);
    if (bytes > left || pages.length === 0) {
      pages.push([]);
      left = pageBytes;
    }
    pages.at(-1)?.push(step);
    left -= bytes;
  }
  return pages;
}
