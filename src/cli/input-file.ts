import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { GantryError, problem } from '../errors/index.ts';
import type { CliContext } from './context.ts';

/**
 * The object of `--input <file>`; `-` is standard input.
 * @throws GantryError INVALID_INPUT with the place in the file.
 */
export async function readInput(context: CliContext, path: string): Promise<Record<string, unknown>> {
  const name = path === '-' ? '(standard input)' : path;
  const content = await (path === '-' ? text(context.input) : readFile(path, 'utf8')).catch((error: unknown) => {
    throw invalid(`${name} can't be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, name);
  });
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw invalid(`${name} is not JSON: ${(error as Error).message}`, name);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${name} must hold one JSON object`, name);
  return value as Record<string, unknown>;
}

function invalid(message: string, place: string): GantryError {
  return new GantryError('INVALID_INPUT', message, { problems: [problem('INVALID_INPUT', message, place)] });
}
