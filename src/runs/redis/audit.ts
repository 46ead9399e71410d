/** The input of an audit: one group, or all of the platform file. */
export type RedisAuditInput = { group?: string };

/** One thing that an audit found: what, where, and the operator's next command. */
export type RedisAuditFinding = { code: string; message: string; place?: string; hint: string };

/** What a terminated run, or anybody else, may have left behind. A group without findings is as the platform file says. */
export type RedisAudit = {
  groups: readonly {
    group: string;
    primary?: string;
    /** No run has changed this group yet: every node that answers is at epoch 0. */
    untouched?: boolean;
    findings: readonly RedisAuditFinding[];
  }[];
};
