import { z } from 'zod';

/** A name of the platform file: the same form as src/runs/kinds.ts asks of a target. */
export const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
  error: 'a name is letters, digits, dot, dash, underscore; at most 63',
});

/** Free text that becomes part of the run's history: short, one line or a few. */
const words = (max: number) => z.string().min(1, { error: 'must not be empty' }).max(max);

/** What the input of every kind may hold besides its own fields: `RunInput` of src/runs. */
export const runFields = {
  dryRun: z.boolean().exactOptional().describe('Compute and show the plan, change nothing, take no lock.'),
  requestedBy: words(200).exactOptional().describe('Who asks, for the record.'),
  reason: words(2_000).exactOptional().describe('Why, for the record: a ticket, an alert, a plan.'),
};
