import { CommanderError } from 'commander';
import { GantryError, troubleOf } from '../errors/index.ts';
import type { CliContext } from './context.ts';
import { canvasOf } from './context.ts';
import type { JsonOf, JsonShape } from './json.ts';
import { clean } from './render/clean.ts';
import { problemLines } from './render/problem.ts';

/** Lines for people, on standard output. */
export function print(context: CliContext, lines: readonly string[]): void {
  context.out.write(`${lines.join('\n')}\n`);
}

/** Lines beside the result, on standard error. */
export function remark(context: CliContext, lines: readonly string[]): void {
  context.err.write(`${lines.join('\n')}\n`);
}

/** The one JSON object of `--json`, in the shape that src/cli/json.ts promises. */
export function printJson<S extends JsonShape>(context: CliContext, _shape: S, value: JsonOf<S>): void {
  context.out.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Commander's word that help or a version was shown instead: no failure when it was asked for. */
function shown(error: unknown): 0 | 2 | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  if (error.exitCode === 0) return 0;
  return error.code === 'commander.help' ? 2 : undefined;
}

/** Exit codes; docs/reference/cli.md lists them. `blind`: how things stand could not be seen, which says nothing of them. */
export const exitCodes = { ok: 0, bad: 1, usage: 2, blind: 3 } as const;

const codesOf: ReadonlyMap<string, number> = new Map([
  ['USAGE', exitCodes.usage],
  ['NO_SERVER', exitCodes.blind],
  ['SERVER_REFUSED', exitCodes.blind],
]);

/**
 * Tells of a failure: code, message, every problem with its place, the hint; with `--json` as the one JSON object.
 * Answers the exit code.
 */
export function fail(context: CliContext, error: unknown, json: boolean): number {
  const help = shown(error);
  if (help !== undefined && !(json && help === 2)) return help;
  const usage = error instanceof CommanderError;
  const trouble = troubleOf(usage ? usageError(error) : error);
  const { code, message, hint, problems, evidence } = trouble;
  if (json) printJson(context, 'error', { error: { code, message, hint, problems, evidence } });
  else remark(context, problemLines(clean(trouble), canvasOf(context, context.err)));
  return codesOf.get(code) ?? exitCodes.bad;
}

function usageError(error: CommanderError): GantryError {
  return new GantryError(
    'USAGE',
    error.code === 'commander.help' ? 'a command is missing' : error.message.replace(/^error: /, ''),
  );
}
