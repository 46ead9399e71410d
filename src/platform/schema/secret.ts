import { z } from 'zod';
import { text } from './names.ts';

const form = '{ env: NAME } or { file: PATH }';

/** The file says where a worker finds a secret, never the secret: it is reviewed, committed and shown in diffs. */
export const secretRef = z
  .union(
    [
      z.strictObject({
        env: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
          .describe('Environment variable of the worker that holds it.'),
      }),
      z.strictObject({ file: text.describe('File that the worker reads it from, without its final newline.') }),
    ],
    {
      error: (issue) =>
        typeof issue.input === 'string'
          ? `a secret is never in the platform file: name where the worker finds it, as ${form}`
          : `where a secret is found is written ${form}, one of the two`,
    },
  )
  .describe('Where the worker that needs the secret finds it.');

/** Where a secret is found. Reading it is `src/settings`' business. */
export type SecretRef = z.output<typeof secretRef>;
