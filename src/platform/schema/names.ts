import { z } from 'zod';

/** A name that becomes part of workflow ids and queue names: the same form as `src/runs/kinds.ts` asks for. */
export const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
    error: 'a name is letters, digits, dot, dash, underscore; at most 63',
  });

/** Text that says something. */
export const text = z.string().min(1, { error: 'must not be empty' });

/** A TCP port. */
export const port = z.int().min(1).max(65_535);

/** A host name or address, without scheme and port. IPv6 addresses are written without brackets. */
export const host = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$|^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+$/, {
  error: 'a host name or address, without scheme and port',
});

/** An http or https address. Credentials in it are refused: secrets are never in the platform file. */
export const url = z
  .url({ protocol: /^https?$/, error: 'an address that begins with http:// or https://' })
  .refine((value) => !/^https?:\/\/[^/?#]*@/.test(value), {
    error: 'a secret is never in the platform file: take the user and password out of the address',
  });

/** How many there are of something. */
export const count = z.int().min(1);

/** A map from name to `value`. */
export function mapOf<T extends z.ZodType>(value: T) {
  return z.record(name, value);
}
