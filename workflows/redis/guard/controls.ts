import { currentUpdateInfo, defineQuery, defineUpdate, setHandler } from '@temporalio/workflow';
import type { ErrorCode } from '../../../src/errors/index.ts';
import { GantryError, toFailure } from '../../../src/errors/index.ts';
import type { GuardPauseRequest, GuardResumeRequest, GuardStatus, GuardStopRequest } from '../../../src/runs/index.ts';
import { guardUpdateNames, statusQueryName } from '../../../src/runs/index.ts';
import { iso } from '../../run/record.ts';
import type { GuardRecord } from './record.ts';

export const guardStatusQuery = defineQuery<GuardStatus>(statusQueryName);
export const pauseGuard = defineUpdate<GuardStatus, [GuardPauseRequest]>(guardUpdateNames.pause);
export const resumeGuard = defineUpdate<GuardStatus, [GuardResumeRequest]>(guardUpdateNames.resume);
export const stopGuard = defineUpdate<GuardStatus, [GuardStopRequest]>(guardUpdateNames.stop);

/** What has been asked of a guard. */
export type GuardControls = {
  stopAsked: boolean;
  /** Something happened that ends the watch or wait under way. */
  attention: boolean;
};

const keptUpdates = 20;
/** A pause without end is one with a reminder; one that is given an end is given a sensible one. */
const longestPauseMs = 365 * 86_400_000;

/** Sets the handlers; called before the first await, since an update without a handler is lost. */
export function openGuardControls(record: GuardRecord): GuardControls {
  const controls: GuardControls = { stopAsked: false, attention: false };
  const { memory } = record;

  /** Once per update id, over the runs of the chain too: de-duplication by the server ends with a run. */
  const once =
    <R>(act: (request: R) => void) =>
    (request: R): GuardStatus => {
      if (!isRepeated(record)) {
        act(request);
        controls.attention = true;
        memory.updates.push(currentUpdateInfo()?.id ?? '');
        if (memory.updates.length > keptUpdates) memory.updates.splice(0, memory.updates.length - keptUpdates);
        record.show();
      }
      return record.status();
    };

  setHandler(guardStatusQuery, () => record.status(), {
    description: 'State, last offset, lag, findings, failovers. Newer offsets are in the heartbeat of the watch',
  });
  setHandler(
    pauseGuard,
    once(({ by, reason, forMs }) => {
      const now = Date.now();
      const until = forMs === undefined ? {} : { until: iso(now + forMs) };
      memory.paused = { by, reason, since: iso(now), ...until };
      record.announced('paused');
      record.acted('pause', { by, reason });
    }),
    {
      description: 'Maintenance: {"by":"…","reason":"…","forMs":7200000}',
      validator: (request: GuardPauseRequest) => {
        checkOpen(record, request, ['by', 'reason']);
        const { forMs } = request as { forMs?: unknown };
        const valid =
          forMs === undefined ||
          (typeof forMs === 'number' && Number.isInteger(forMs) && forMs > 0 && forMs <= longestPauseMs);
        if (!valid) reject('INVALID_INPUT', '`forMs` must be milliseconds, a whole number of at most a year');
        if (memory.paused && !isRepeated(record)) reject('WRONG_STATE', 'the guard is paused already');
      },
    },
  );
  setHandler(
    resumeGuard,
    once((request) => {
      memory.paused = undefined;
      record.over('paused');
      record.acted('resume', request);
    }),
    {
      description: 'Watch again: {"by":"…"}',
      validator: (request: GuardResumeRequest) => {
        checkOpen(record, request, ['by']);
        if (!memory.paused && !isRepeated(record)) reject('WRONG_STATE', 'the guard is not paused');
      },
    },
  );
  setHandler(
    stopGuard,
    once((request) => {
      controls.stopAsked = true;
      record.acted('stop', request);
    }),
    {
      description: 'End the guard: {"by":"…","reason":"…"}. A failover that it started goes on',
      validator: (request: GuardStopRequest) => checkOpen(record, request, ['by']),
    },
  );
  return controls;
}

function isRepeated({ memory }: GuardRecord): boolean {
  const id = currentUpdateInfo()?.id;
  return id !== undefined && memory.updates.includes(id);
}

/** The argument comes from a text field of the UI: whatever it is, it is refused here or safe to work with. */
function checkOpen(record: GuardRecord, request: unknown, needed: readonly string[]): void {
  if (typeof request !== 'object' || request === null) reject('INVALID_INPUT', 'the argument must be one JSON object');
  const fields = request as Record<string, unknown>;
  for (const name of needed) {
    const value = fields[name];
    if (typeof value !== 'string' || value.trim() === '') reject('INVALID_INPUT', `\`${name}\` must say something`);
  }
  if (fields['reason'] !== undefined && typeof fields['reason'] !== 'string') {
    reject('INVALID_INPUT', '`reason` must be text');
  }
  if (record.proxyFor !== undefined) reject('WRONG_STATE', `this only started a guard; send it to ${record.proxyFor}`);
  if (record.ended) reject('WRONG_STATE', `the guard is ${record.ended}`);
}

function reject(code: ErrorCode, message: string): never {
  throw toFailure(new GantryError(code, message), { final: true });
}
