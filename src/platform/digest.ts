import { createHash } from 'node:crypto';
import { canonicalJson } from '../runs/index.ts';

/** SHA-256, in hex, of the canonical JSON of `value`. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
