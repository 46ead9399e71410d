export type { ErrorCode } from './catalogue.ts';
export { catalogue, entryOf, isErrorCode } from './catalogue.ts';
export type { Evidence, Problem } from './gantry-error.ts';
export { GantryError, problem, refusal } from './gantry-error.ts';
export type { FailureDetails, Trouble } from './failure.ts';
export { toFailure, troubleOf } from './failure.ts';
