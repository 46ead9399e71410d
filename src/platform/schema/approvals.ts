import { z } from 'zod';
import { noTwins } from './relaxed.ts';

/** A public Ed25519 key, by which workers know that the API has signed an approval. Never a private one. */
const key = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, { error: 'letters, digits, dot, dash, underscore' })
    .describe('The id of the key, as the API writes it into each token.'),
  ed25519: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, { error: 'the public key, 43 characters of base64url' })
    .describe('The public key, as `gantry access signing-key` prints it.'),
});

/** With a key declared, every approval that a policy asks for must be signed, unless the policy says `signed: false`. */
export const approvals = z.strictObject({
  keys: z
    .array(key)
    .superRefine(
      noTwins(
        (one) => one.id,
        (id) => `another key has the id ${id}`,
        'id',
      ),
    )
    .default([])
    .describe('Public keys of the API. While one key follows another, both are here.'),
});

export type ApprovalKey = z.output<typeof key>;
