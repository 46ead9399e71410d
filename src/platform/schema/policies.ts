import { z } from 'zod';
import { isKindOrDomain } from './kind-names.ts';
import { count, name } from './names.ts';
import { always } from './relaxed.ts';
import { duration, rename } from './units.ts';

const profile = z
  .strictObject({
    start: duration
      .exactOptional()
      .describe('How long a task may wait for a worker before people are told that none takes it.'),
    startToClose: duration.exactOptional().describe('The longest that one attempt may take.'),
    heartbeat: duration.exactOptional().describe('Silence after which an attempt is given up.'),
    attempts: count.exactOptional().describe('Attempts before the run parks; not counted where `within` is given.'),
    within: duration
      .exactOptional()
      .describe(
        'A budget of elapsed time instead of attempts, the time between two of them included. `patient` has one.',
      ),
    firstRetry: duration.exactOptional(),
    maxRetry: duration.exactOptional(),
  })
  .transform(
    rename({
      start: 'startMs',
      startToClose: 'startToCloseMs',
      heartbeat: 'heartbeatMs',
      within: 'withinMs',
      firstRetry: 'firstRetryMs',
      maxRetry: 'maxRetryMs',
    }),
  );

/** Any part of a policy; what is left out comes from the wider one, at last from Gantry's own defaults. */
const policy = z
  .strictObject({
    approval: z
      .strictObject({
        people: z
          .literal([0, 1, 2])
          .exactOptional()
          .describe('How many must approve the plan. Two must be signed by the HTTP API.'),
        expiresAfter: duration.exactOptional(),
        signed: z
          .boolean()
          .exactOptional()
          .describe(
            'Whether only an approval over the HTTP API counts: yes if `approvals` declares a key, unless given.',
          ),
      })
      .refine(({ people, signed }) => people !== 2 || signed !== false, {
        error: 'two people can only be told apart by signed approvals',
        path: ['signed'],
      })
      .transform(rename({ expiresAfter: 'expiresAfterMs' }))
      .exactOptional(),
    remindEvery: duration.exactOptional().describe('How often a run that waits for people reminds them.'),
    soak: z
      .strictObject({ duration: duration.exactOptional(), every: duration.exactOptional() })
      .transform(rename({ duration: 'durationMs', every: 'everyMs' }))
      .exactOptional()
      .describe('How long the result is watched before the run is done, and how often it is read.'),
    profiles: z
      .strictObject({
        quick: profile.exactOptional(),
        slow: profile.exactOptional(),
        watched: profile.exactOptional(),
        patient: profile.exactOptional(),
      })
      .exactOptional(),
    window: name.exactOptional().describe('The maintenance window inside which such a run must start.'),
  })
  .transform(rename({ remindEvery: 'remindEveryMs' }));

const byKind = z.record(z.string(), policy).superRefine((map: object, context) => {
  for (const key of Object.keys(map)) {
    if (isKindOrDomain(key)) continue;
    const message = 'no kind of run has this name (write <domain>.* for a whole domain)';
    context.addIssue({ code: 'custom', message, path: [key], params: { aboutKey: true } });
  }
}, always);

/** Policies: the default, and what differs for a kind or a whole domain. */
export const policies = z.strictObject({ default: policy.prefault({}), kinds: byKind.prefault({}) });

export type PolicyPart = z.output<typeof policy>;
