import { hostname, userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import type { Environment } from '../settings/index.ts';
import type { Canvas } from './render/paint.ts';

/** A stream that the CLI writes to. */
export type Output = { write(text: string): unknown; isTTY?: boolean; columns?: number };

/** What the CLI has of its surroundings; tests give their own. */
export type CliContext = {
  env: Environment;
  out: Output;
  err: Output;
  input: Readable & { isTTY?: boolean };
  now: () => number;
  /** Ends what waits when the person presses Ctrl-C. */
  interrupted: AbortSignal;
  /** Set by a verb that did its work and has bad news. */
  exitCode: number;
};

/** The process's own. */
export function processContext(): CliContext {
  const stop = new AbortController();
  // The second Ctrl-C ends the process at once: `once` gives the signal back its default.
  process.once('SIGINT', () => stop.abort());
  return {
    env: process.env,
    out: process.stdout,
    err: process.stderr,
    input: process.stdin,
    now: Date.now,
    interrupted: stop.signal,
    exitCode: 0,
  };
}

/** What isn't a terminal has no width: a pipe must not lose the end of a line. */
const unbounded = 10_000;

/** How to draw on `output`. https://no-color.org */
export function canvasOf(context: CliContext, output: Output = context.out): Canvas {
  const color = output.isTTY === true && !context.env['NO_COLOR'];
  return { color, width: output.columns ?? unbounded, now: context.now() };
}

/** Whether somebody is there to be asked. */
export function canAsk(context: CliContext): boolean {
  return context.input.isTTY === true && context.err.isTTY === true;
}

/** One line from the person, nothing after Ctrl-C; on standard error, so that standard output stays a result. */
export async function ask(context: CliContext, question: string): Promise<string> {
  const terminal = createInterface({ input: context.input, output: process.stderr });
  // In raw mode Ctrl-C reaches readline, not the process.
  terminal.once('SIGINT', () => process.emit('SIGINT'));
  try {
    return (await terminal.question(question, { signal: context.interrupted })).trim();
  } catch (error) {
    if (context.interrupted.aborted) return '';
    throw error;
  } finally {
    terminal.close();
  }
}

/** Who acts, for the record: `user@host` unless `--as` says otherwise. It is a statement, not a proof. */
export function defaultWho(env: Environment): string {
  return `${env['USER'] ?? userInfo().username}@${hostname()}`;
}
