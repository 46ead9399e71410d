import { z } from 'zod';
import { countOrNone, text } from '../schema/names.ts';
import { secretRef } from '../schema/secret.ts';
import { shardMap } from './shard-map.ts';

const programs = {
  apply: z
    .array(text)
    .min(1)
    .describe(
      'Program and arguments that write `remote_servers` on every host. `{cluster}` stands for the cluster as it is called there, `{shards}` for each shard that is to be listed with its weight, `1=1,2=1,3=0`; one that is missing there is not to be listed. `{unit}` is a name that every retry has. It may run twice.',
    ),
  confirm: z
    .array(text)
    .min(1)
    .describe(
      'Exits with 0 only when the file of every host says so, which a server reads at its next start. Gantry itself asks what the servers list now.',
    ),
};

/** Who brings a changed list of shards to the hosts. */
const membershipHook = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('command'), ...programs }),
  z.strictObject({
    kind: z.literal('ssh'),
    host: text.describe('Where the programs run; it may contain the placeholders.'),
    user: text,
    privateKey: secretRef,
    hostKey: text.describe('The host’s public key, pinned: `ssh-ed25519 AAAA…`.'),
    ...programs,
  }),
]);

/** Which shards the servers list (`remote_servers`), with which weights, and how that is changed. */
export const clickhouseMembership = z.strictObject({
  name: text
    .exactOptional()
    .describe('What `remote_servers` and the Distributed tables call the cluster; as here unless given.'),
  weights: shardMap(countOrNone).describe(
    'Part of the new rows that each shard takes, by its number, where they are placed at random. What the servers list now unless given. 0: it takes none, and every table’s share on it is 0 as well unless the table says otherwise.',
  ),
  hook: membershipHook
    .exactOptional()
    .describe('Left out: you change the file when a run asks for it, and Gantry goes on when all servers list it.'),
  queues: z
    .array(text)
    .min(1)
    .exactOptional()
    .describe(
      'For servers without `system.distribution_queue` (18.16): exits with 0 only when no file waits in the Distributed tables of `{server}` (`{host}`) towards `{towards}`: `host:port` of each replica, with commas, or `any`.',
    ),
});

export type ClickHouseMembership = z.output<typeof clickhouseMembership>;
export type MembershipPrograms = z.output<typeof membershipHook>;
