import type { ErrorCode } from './catalogue.ts';
import { entryOf } from './catalogue.ts';

/** One thing that is wrong: what, where, and what to do. */
export type Problem = {
  code: ErrorCode;
  /** What is wrong, in words, with the fact that is in the way. */
  message: string;
  /** Where: a path in the input, `file:line:column`, a node, an address. */
  place?: string;
  hint: string;
};

/** Anything small, JSON and free of secrets that shows why. */
export type Evidence = Readonly<Record<string, unknown>>;

/**
 * The only error that Gantry throws on purpose. `problems` always has at least one entry: a refusal that found several
 * things wrong lists them all.
 */
export class GantryError extends Error {
  readonly code: ErrorCode;
  readonly evidence: Evidence;
  readonly problems: readonly Problem[];

  constructor(
    code: ErrorCode,
    message: string,
    options: { evidence?: Evidence; problems?: readonly Problem[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GantryError';
    this.code = code;
    this.evidence = options.evidence ?? {};
    this.problems = options.problems?.length ? options.problems : [problem(code, message)];
  }

  /** The next step, from the catalogue. */
  get hint(): string {
    return entryOf(this.code).hint;
  }

  get retryable(): boolean {
    return entryOf(this.code).retryable;
  }
}

/** A problem with the catalogue's hint. */
export function problem(code: ErrorCode, message: string, place?: string): Problem {
  return { code, message, hint: entryOf(code).hint, ...(place === undefined ? {} : { place }) };
}

/**
 * One error out of everything that is wrong; its code is the first problem's.
 * @throws TypeError when called with nothing wrong.
 */
export function refusal(problems: readonly Problem[], evidence: Evidence = {}): GantryError {
  const first = problems[0];
  if (!first) throw new TypeError('a refusal needs at least one problem');
  const message =
    problems.length === 1 ? first.message : `${problems.length} problems: ${problems.map((p) => p.message).join('; ')}`;
  return new GantryError(first.code, message, { problems, evidence });
}
