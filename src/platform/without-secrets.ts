import type { SecretRef } from './schema/secret.ts';

/** The keys under which the schema puts a secret reference (a test compares). */
const secretKeys: readonly string[] = [
  'accessKeyId',
  'password',
  'privateKey',
  'secretAccessKey',
  'sessionToken',
  'token',
];

/** `T` without the fields that say where a secret is. */
export type WithoutSecrets<T> = T extends readonly (infer Item)[]
  ? WithoutSecrets<Item>[]
  : T extends object
    ? { [K in keyof T as Exclude<T[K], undefined> extends SecretRef ? never : K]: WithoutSecrets<T[K]> }
    : T;

/**
 * A copy of any part of the platform file without its secret references: what may go into a plan, a history or a
 * report. They hold no secret, but they tell an attacker where one is, and nobody but the worker needs them.
 */
export function withoutSecrets<T>(part: T): WithoutSecrets<T> {
  return stripped(part) as WithoutSecrets<T>;
}

function stripped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stripped);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !secretKeys.includes(key));
  return Object.fromEntries(kept.map(([key, held]) => [key, stripped(held)]));
}
