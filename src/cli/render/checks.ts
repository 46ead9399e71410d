import { troubleOf } from '../../errors/index.ts';
import type { Canvas } from './paint.ts';
import { paint } from './paint.ts';

/** One line of `gantry doctor`. `unknown`: it could not be looked at, which is no good news. */
export type Check = { name: string; state: 'ok' | 'bad' | 'unknown'; fact: string; next?: string };

const marks = { ok: ['✓', 'green'], bad: ['✗', 'red'], unknown: ['?', 'yellow'] } as const;

/** Each check with its fact, and what to do where it isn't well. */
export function checkLines(checks: readonly Check[], canvas: Canvas): string[] {
  return checks.flatMap(({ name, state, fact, next }) => {
    const [mark, ink] = marks[state];
    const line = `${paint(canvas, ink, mark)} ${name}: ${fact}`;
    return next === undefined ? [line] : [line, `    ${paint(canvas, 'dim', 'next:')} ${next}`];
  });
}

/** A check that is well. */
export function ok(name: string, fact: string): Check {
  return { name, state: 'ok', fact };
}

/** A check that could not be looked at, or that a person should look at. */
export function unknown(name: string, fact: string, next?: string): Check {
  return { name, state: 'unknown', fact, ...(next === undefined ? {} : { next }) };
}

/** A check that failed with an error. */
export function bad(name: string, error: unknown): Check {
  const { code, message, hint } = troubleOf(error);
  return { name, state: 'bad', fact: `${code}: ${message}`, next: hint };
}
