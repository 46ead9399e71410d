import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { GantryError, problem, refusal } from '../../errors/index.ts';
import type { Access } from './schema.ts';
import { accessSchema } from './schema.ts';

/**
 * Reads the access file at `path`.
 * @throws GantryError ACCESS_NOT_FOUND; ACCESS_INVALID with every problem, each with its place in the file
 */
export function loadAccess(path: string): Access {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new GantryError('ACCESS_NOT_FOUND', `the access file ${path} cannot be read (${reason})`, {
      evidence: { path, reason },
    });
  }
  return parseAccess(text, path);
}

/** Checks the text of an access file; `path` is for the places of problems. @throws GantryError ACCESS_INVALID */
export function parseAccess(text: string, path: string): Access {
  const document = parseDocument(text, { version: '1.2', uniqueKeys: true, prettyErrors: true, logLevel: 'error' });
  if (document.errors.length > 0)
    throw refusal(document.errors.map(({ message }) => problem('ACCESS_INVALID', message.split('\n')[0] ?? '', path)));
  const read = accessSchema.safeParse(document.toJS());
  if (read.success) return read.data;
  throw refusal(
    read.error.issues.map(({ path: at, message }) => {
      const place = at.map(String).join('.') || '(file)';
      return problem('ACCESS_INVALID', `${place}: ${message}`, `${path}: ${place}`);
    }),
    { path },
  );
}
