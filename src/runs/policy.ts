/** Time limits and attempts of one class of activity. Milliseconds. */
export type ActivityProfile = {
  /** The longest that one attempt may take. */
  startToCloseMs: number;
  /** Silence after which an attempt is given up; the step runner heartbeats three times as often. */
  heartbeatMs: number;
  /** Attempts before the run parks. */
  attempts: number;
  firstRetryMs: number;
  maxRetryMs: number;
};

/** `quick`: one look or one command. `slow`: minutes, on one machine. `watched`: long remote work that a retry attaches to. */
export type ProfileName = 'quick' | 'slow' | 'watched';

/** What the platform file says of a kind of run; recorded with the plan. Milliseconds. */
export type RunPolicy = {
  approval: { people: 0 | 1 | 2; expiresAfterMs: number };
  /** How often a parked run, or one that waits for approval, reminds people. */
  remindEveryMs: number;
  soak: { durationMs: number; everyMs: number };
  profiles: Record<ProfileName, ActivityProfile>;
};

/** Used for every time that the platform file leaves out. */
export const defaultPolicy: RunPolicy = {
  approval: { people: 1, expiresAfterMs: 24 * 3_600_000 },
  remindEveryMs: 4 * 3_600_000,
  soak: { durationMs: 15 * 60_000, everyMs: 30_000 },
  profiles: {
    quick: { startToCloseMs: 60_000, heartbeatMs: 5_000, attempts: 5, firstRetryMs: 250, maxRetryMs: 5_000 },
    slow: { startToCloseMs: 30 * 60_000, heartbeatMs: 15_000, attempts: 5, firstRetryMs: 1_000, maxRetryMs: 30_000 },
    watched: {
      startToCloseMs: 24 * 3_600_000,
      heartbeatMs: 30_000,
      attempts: 10,
      firstRetryMs: 1_000,
      maxRetryMs: 60_000,
    },
  },
};

/** The control activities of every run (validate, describe, forward, notify, publish): needed before any policy is known. */
export const controlProfile: ActivityProfile = {
  startToCloseMs: 30_000,
  heartbeatMs: 3_000,
  attempts: 6,
  firstRetryMs: 200,
  maxRetryMs: 5_000,
};
