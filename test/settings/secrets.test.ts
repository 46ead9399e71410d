import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GantryError } from '../../src/errors/index.ts';
import { resolveSecret } from '../../src/settings/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'gantry-secrets-'));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function refused(act: () => unknown): GantryError {
  try {
    act();
  } catch (error) {
    return error as GantryError;
  }
  throw new Error('nothing was refused');
}

describe('resolveSecret', () => {
  it('reads a variable as it is', () => {
    expect(resolveSecret({ env: 'PASS' }, { PASS: ' a b ' })).toBe(' a b ');
  });

  it('reads a file without its last newline, and only that', () => {
    expect(resolveSecret({ file: file('a', 'pass \n') }, {})).toBe('pass ');
    expect(resolveSecret({ file: file('b', 'two\nlines\n\n') }, {})).toBe('two\nlines\n');
  });

  it.each([
    ['a variable that is not set', { env: 'PASS' }, 'PASS'],
    ['a file that is not there', { file: join(folder, 'absent') }, 'ENOENT'],
    ['a folder', { file: folder }, 'EISDIR'],
    ['an empty file', { file: file('empty', '\n') }, 'empty'],
  ] as const)('refuses %s as SECRET_NOT_FOUND, naming it', (_, ref, word) => {
    const error = refused(() => resolveSecret(ref, {}));
    expect(error.code).toBe('SECRET_NOT_FOUND');
    expect(error.message).toContain(word);
  });

  it('never puts a value into the error', () => {
    const big = file('big', 'hunter2'.repeat(20_000));
    const error = refused(() => resolveSecret({ file: big }, { OTHER: 'hunter2' }));
    expect(JSON.stringify([error.message, error.problems, error.evidence, error.cause])).not.toContain('hunter2');
  });
});
