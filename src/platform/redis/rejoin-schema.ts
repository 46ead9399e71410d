import { z } from 'zod';
import { name, port, text } from '../schema/names.ts';
import { secretRef } from '../schema/secret.ts';
import { duration, rename } from '../schema/units.ts';

const placeholders = '`{group}`, `{node}`, `{host}` and `{port}` stand for the node';

const words = z.array(text).min(1);
const run = words.describe(
  `Program and arguments; ${placeholders}, \`{unit}\` for a name that every retry has, \`{primary}\` for the present primary’s host:port. It may run twice, and must return within 15 s: longer work must go on in the background.`,
);
const confirm = words.describe('Exits with 0 only when it is certainly done; asked every second.');
const command = z.strictObject({ kind: z.literal('command'), name, run });
const ssh = z.strictObject({
  kind: z.literal('ssh'),
  name,
  host: text.describe(`Where the command runs; ${placeholders}.`),
  port: port.default(22),
  user: text,
  privateKey: secretRef,
  hostKey: text.describe('The host’s public key, pinned: `ssh-ed25519 AAAA…`.'),
  run,
});
const within = { within: duration.prefault('30m').describe('How long it may take until it is confirmed.') };

/** Keeps a node's data somewhere else, before they are replaced. */
const keep = z
  .discriminatedUnion('kind', [command.extend({ confirm, ...within }), ssh.extend({ confirm, ...within })])
  .transform(rename({ within: 'withinMs' }))
  .describe('Copies the data of an old primary to a safe place before a full sync replaces it.');

/** Starts a node's process. Whether it did is what the node itself answers. */
const start = z
  .discriminatedUnion('kind', [command, ssh])
  .describe('Starts a node that is down, behind its boot guard (unmask, start).');

/** What the operator's own programs do when a node comes back. */
export const rejoin = z.strictObject({ keep: keep.exactOptional(), start: start.exactOptional() });

export type RedisKeepHook = z.output<typeof keep>;
export type RedisStartHook = z.output<typeof start>;
