import { readFileSync } from 'node:fs';
import { GantryError } from '../errors/index.ts';
import type { Environment } from './connection.ts';

/** Where the worker that needs a secret finds it. The platform file holds such references, never values. */
export type SecretRef = { env: string } | { file: string };

/** A secret is a line, not a document: larger than this is a wrong file. */
const maxBytes = 64 * 1024;

/**
 * The secret that `ref` names. A file's last newline is not part of it (mounted secrets often end with one). The value
 * is never part of an error, nor is the system's message, which could quote it.
 * @throws GantryError SECRET_NOT_FOUND.
 */
export function resolveSecret(ref: SecretRef, env: Environment): string {
  return 'env' in ref ? fromEnv(ref.env, env) : fromFile(ref.file);
}

function fromEnv(name: string, env: Environment): string {
  const value = env[name];
  if (value) return value;
  const why = value === undefined ? 'is not set' : 'is empty';
  throw missing(`the environment variable ${name} ${why}`, { variable: name });
}

function fromFile(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw missing(`the secret file ${path} can't be read (${reason})`, { file: path, reason });
  }
  if (bytes.length > maxBytes)
    throw missing(`the secret file ${path} is larger than ${maxBytes} bytes`, { file: path });
  const value = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (value === '') throw missing(`the secret file ${path} is empty`, { file: path });
  return value;
}

function missing(message: string, evidence: Record<string, unknown>): GantryError {
  return new GantryError('SECRET_NOT_FOUND', message, { evidence });
}
