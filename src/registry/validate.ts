import { z } from 'zod';
import type { Problem } from '../errors/index.ts';
import { problem } from '../errors/index.ts';
import type { Kind } from '../runs/index.ts';
import { entries } from './entries.ts';

/** Everything that the schema of `kind` refuses in `input`, each with its path. Empty: it may be started. */
export function validateInput(kind: Kind, input: unknown): Problem[] {
  return validateWith(kind, entries[kind].input, input);
}

/** Everything that `schema` refuses in `input`, each with its path. `what`: whose input it is, for people. */
export function validateWith(what: string, schema: z.ZodType, input: unknown): Problem[] {
  const result = schema.safeParse(input);
  if (result.success) return [];
  const known = Object.keys(z.toJSONSchema(schema, { io: 'input' }).properties ?? {});
  return result.error.issues.flatMap((issue) => problemsOf(issue, what, known, input));
}

function problemsOf(issue: z.core.$ZodIssue, what: string, known: readonly string[], input: unknown): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const place = pathOf([...issue.path, key]);
      return problem('INVALID_INPUT', `${place}: unknown field; ${what} takes ${known.join(', ')}`, place);
    });
  }
  const place = pathOf(issue.path);
  const missing = issue.path.length > 0 && at(input, issue.path) === undefined;
  return [problem('INVALID_INPUT', `${place}: ${missing ? 'is missing' : issue.message}`, place)];
}

/** The fields that a kind's input may have, in the order of its schema. */
export function fieldsOf(kind: Kind): string[] {
  return Object.keys(inputJsonSchema(kind).properties ?? {});
}

/** The input's JSON Schema, for editors, the API and the docs. */
export function inputJsonSchema(kind: Kind): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(entries[kind].input, { io: 'input' });
}

/** `nodes[0].name`; the whole input is `(input)`. */
function pathOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '(input)';
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

function at(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}
