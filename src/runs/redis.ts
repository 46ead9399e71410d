import type { RunInput } from './protocol.ts';

/** `fast`: leased write pause, 5–50 ms without writes. `failover`: the server's own FAILOVER, about 1 s. */
export type RedisProcedure = 'fast' | 'failover';

/** The input of a planned handover of a group's primary. */
export type RedisSwitchoverInput = RunInput & {
  /** The group's name in the platform file. */
  group: string;
  /** The node that is to become primary; the fittest replica unless given. */
  to?: string;
  /** Chosen by the plan unless given. */
  procedure?: RedisProcedure;
};

/** The input of an audit: one group, or all of the platform file. */
export type RedisAuditInput = { group?: string };

/** One thing that an audit found: what, where, and the operator's next command. */
export type RedisAuditFinding = { code: string; message: string; place?: string; hint: string };

/** What a terminated run, or anybody else, may have left behind. A group without findings is as the platform file says. */
export type RedisAudit = {
  groups: readonly { group: string; primary?: string; findings: readonly RedisAuditFinding[] }[];
};
