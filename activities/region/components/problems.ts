import { GantryError } from '../../../src/errors/index.ts';
import type { Finding } from '../../../src/planning/region/index.ts';

/** An error that speaks of what is planned → what the plan says of it. @throws any other error */
export function problemsOf(error: unknown): Finding[] {
  if (!(error instanceof GantryError)) throw error;
  if (error.problems.length === 0) return [{ code: error.code, message: error.message }];
  return error.problems.map(({ code, message, place }) => ({
    ...{ code: code, message },
    ...(place === undefined ? {} : { place }),
  }));
}
