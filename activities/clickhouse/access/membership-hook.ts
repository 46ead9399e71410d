import type { Hook } from '../../../src/drivers/programs/index.ts';
import type { MembershipPrograms, SecretRef } from '../../../src/platform/index.ts';
import { platformHook } from './platform-hook.ts';

/** What is to be listed: the cluster as the hosts call it, and `1=1,2=1,3=0`. `unit`: the same for every retry. */
export type MembershipTarget = { cluster: string; shards: string; unit: string };

const failure = { what: 'membership hook', code: 'CLICKHOUSE_MEMBERSHIP_NOT_CHANGED' } as const;

/** The programs of the platform file that write `remote_servers` on the hosts. @throws SECRET_NOT_FOUND from `secret` */
export function membershipHook(
  programs: MembershipPrograms,
  target: MembershipTarget,
  secret: (ref: SecretRef) => string,
): Hook {
  return platformHook(programs, { name: 'apply', run: programs.apply }, target, failure, secret);
}
