/** Quick to try again, nobody to ask: what the runs of a sweep go by. */
const profile = { heartbeat: '1s', attempts: 30, firstRetry: '100ms', maxRetry: '300ms' };
export const sweptPolicy = {
  approval: { people: 0 },
  profiles: { quick: profile, slow: profile, watched: profile },
};

/** What a run did is read from the replication log, which a server cleans above a hundred entries unless told otherwise. */
export const keepsItsLog = { min_replicated_logs_to_keep: 10_000 };
