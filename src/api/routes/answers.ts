import type { z } from 'zod';
import type { RunReport, RunStatus } from '../../runs/index.ts';
import { reportShape, statusShape } from '../../registry/index.ts';
import { problemShape, problemType } from '../problem.ts';

/** Under each of these statuses a problem, as RFC 9457 has it. */
export function problems<S extends number>(...statuses: readonly S[]) {
  const answer = {
    description: 'A problem: its code, what it is, and the next step.',
    content: { [problemType]: { schema: problemShape } },
  };
  return Object.fromEntries(statuses.map((status) => [status, answer])) as Record<S, typeof answer>;
}

/** The shapes with the types of `src/runs`, whose lists are read-only. */
export const statusAnswer: z.ZodType<RunStatus> = statusShape.meta({ id: 'Run' });
export const reportAnswer: z.ZodType<RunReport> = reportShape.meta({ id: 'Report' });
