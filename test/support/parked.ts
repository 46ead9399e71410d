import type { WorkflowHandle } from '@temporalio/client';
import type { RunStatus } from '../../src/runs/index.ts';

/** A request as a person would send it who has just looked: one that is about a park names the present one. */
export async function asSeen(run: WorkflowHandle, update: string, request: object): Promise<object> {
  if (update !== 'resolve' || 'park' in request) return request;
  const { parked, proxyFor } = await run.query<RunStatus>('status');
  if (proxyFor !== undefined) return asSeen(run.client.getHandle(proxyFor), update, request);
  return { park: parked?.id, ...request };
}

/** Decides about the park at which a run stands now. */
export async function resolveNow(run: WorkflowHandle, request: object): Promise<RunStatus> {
  return run.executeUpdate<RunStatus, [object]>('resolve', { args: [await asSeen(run, 'resolve', request)] });
}
