import { isErrorCode, problem, refusal, troubleOf } from '../../src/errors/index.ts';
import type { Finding } from '../../src/runs/index.ts';
import { Ending } from './ending.ts';
import type { Run } from './run.ts';

/** Fails a run that only looks with all that it found; one that found nothing goes on. People are told of a failed run. */
export function failWithFindings(run: Pick<Run, 'measure'>, findings: readonly Finding[]): void {
  run.measure('findings', findings.length);
  if (findings.length === 0) return;
  const problems = findings.map(({ code, message, place }) =>
    problem(isErrorCode(code) ? code : 'UNEXPECTED', message, place),
  );
  throw new Ending('failed', troubleOf(refusal(problems)));
}
