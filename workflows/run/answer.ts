import type { StepReport } from '../../src/runs/index.ts';
import { inlineEvidence, isStored } from '../../src/runs/index.ts';
import type { RunContext } from './context.ts';
import { Ending } from './ending.ts';
import { simpleTrouble } from './trouble.ts';

/** What a record keeps of a step's report: what fits, else what stands in for it. */
export function seenOf<O>({ before, after, kept }: StepReport<O>): { before: unknown; after: unknown } {
  return { before: inlineEvidence(before), after: kept ?? inlineEvidence(after) };
}

/**
 * What a step answers, for the body. A part that was too large to come along may be handed on to another step, which is given
 * the whole; looking into it here ends the run, and undoes it where that is still possible: it would see nothing.
 */
export function guardAnswer<O>(context: RunContext, title: string, answer: O): O {
  if (typeof answer !== 'object' || answer === null) return answer;
  if (isStored(answer)) return closed(context, title, 'its answer', answer);
  const fields = Object.entries(answer);
  if (!fields.some(([, held]) => isStored(held))) return answer;
  return Object.fromEntries(
    fields.map(([name, held]) => [
      name,
      isStored(held) ? closed(context, title, `\`${name}\``, held) : (held as unknown),
    ]),
  ) as O;
}

const open: readonly (string | symbol)[] = ['kept', 'stored', 'excerpt', 'toJSON', 'then'];

function closed<T extends object>(context: RunContext, title: string, part: string, held: T): T {
  return new Proxy(held, {
    get: (target, key) => {
      if (open.includes(key)) return Reflect.get(target, key) as unknown;
      const message = `"${title}": ${part} is too large for this run to work from`;
      const trouble = simpleTrouble('PAYLOAD_TOO_LARGE', message, { part: { ...target } });
      throw new Ending(context.runRecord.pastNoReturn ? 'failed' : 'aborted', trouble);
    },
  });
}

/** What a step measured is of the report, under the step's name: also where its look found that there was nothing to do. */
export function keepMeasurements({ runRecord }: RunContext, report: StepReport<unknown>): void {
  for (const [name, value] of Object.entries(report.measurements ?? {}))
    runRecord.measurements[`${report.step}.${name}`] = value;
}
