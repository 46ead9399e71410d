import { z } from 'zod';
import { always } from './relaxed.ts';

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const nameRule = 'a name is letters, digits, dot, dash, underscore; at most 63';

/** A name that becomes part of workflow ids and queue names: the same form as `src/runs/kinds.ts` asks for. */
export const name = z.string().regex(namePattern, { error: nameRule });

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

/** How many, or none. */
export const countOrNone = z.int().min(0);

/** A map from name to `value`; empty when left out. A bad name doesn't hide what is wrong with its value. */
export function mapOf<T extends z.ZodType>(value: T) {
  return z
    .record(z.string(), value)
    .superRefine((map: object, context) => {
      for (const key of Object.keys(map)) {
        if (namePattern.test(key)) continue;
        context.addIssue({ code: 'custom', message: nameRule, path: [key], params: { aboutKey: true } });
      }
    }, always)
    .meta({ propertyNames: { pattern: namePattern.source } })
    .prefault({});
}

/** A product that was chosen, and those that the design allows in its place. */
export const chosen = z.strictObject({
  product: text,
  alternatives: z.array(text).default([]),
  purpose: text.exactOptional(),
});

/** A time zone that this machine's ICU data knows. */
export const timezone = z.string().refine(isTimezone, { error: 'not an IANA time zone such as Europe/Dublin or UTC' });

function isTimezone(value: string): boolean {
  // An offset such as +01:00 is accepted by Intl but has no rules for summer time: a name is asked for.
  if (!/^[A-Za-z]/.test(value)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}
