import { defaultPayloadConverter } from '@temporalio/common';

/** An activity under way, as a description of its workflow has it. */
export type PendingActivity = {
  activityType?: { name?: string | null } | null;
  heartbeatDetails?: { payloads?: object[] | null } | null;
};

/** What the activity of this name told in its last heartbeat; undefined if none is under way or it has told nothing. */
export function heartbeatOf(pending: readonly PendingActivity[], name: string): unknown {
  const found = pending.find(({ activityType }) => activityType?.name === name);
  const [payload] = found?.heartbeatDetails?.payloads ?? [];
  return payload && defaultPayloadConverter.fromPayload(payload);
}
