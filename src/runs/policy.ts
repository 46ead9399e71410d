/** Time limits and attempts of one class of activity. Milliseconds. */
export type ActivityProfile = {
  /**
   * How long a task may lie in the queue before people are told that no worker takes it (a busy one takes it later): five
   * minutes unless given. The run waits on.
   */
  startMs?: number;
  /** The longest that one attempt may take. */
  startToCloseMs: number;
  /** Silence after which an attempt is given up; the step runner heartbeats three times as often. */
  heartbeatMs: number;
  /** Attempts before the run parks; not counted where `withinMs` is given. */
  attempts: number;
  /** A budget of elapsed time instead, the time between two attempts included; `startMs` comes on top of it. */
  withinMs?: number;
  firstRetryMs: number;
  maxRetryMs: number;
};

/**
 * `quick`: one look or one command. `slow`: minutes, on one machine. `watched`: long remote work that a retry attaches to.
 * `patient`: what fails until it succeeds, like a host that boots; it is tried again and again until its time is spent.
 */
export const profileNames = ['quick', 'slow', 'watched', 'patient'] as const;

export type ProfileName = (typeof profileNames)[number];

/** What the platform file says of a kind of run; recorded with the plan. Milliseconds. */
export type RunPolicy = {
  approval: {
    people: 0 | 1 | 2;
    expiresAfterMs: number;
    /** An approval counts only with a token that the API has signed. Absent where it is not asked for. */
    signed?: boolean;
  };
  /** How often a parked run, or one that waits for approval, reminds people. */
  remindEveryMs: number;
  soak: { durationMs: number; everyMs: number };
  profiles: Record<ProfileName, ActivityProfile>;
};

/** Where a profile says nothing else. */
export const defaultStartMs = 5 * 60_000;

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
    // A server with much memory takes ten minutes from its reset to its kernel; a firmware that checks it all, more.
    patient: {
      startToCloseMs: 15 * 60_000,
      heartbeatMs: 15_000,
      attempts: 5,
      withinMs: 45 * 60_000,
      firstRetryMs: 5_000,
      maxRetryMs: 30_000,
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
