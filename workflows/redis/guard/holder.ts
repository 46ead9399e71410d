import { isCancellation, log } from '@temporalio/workflow';
import type { LastHolder } from '../../../src/runs/index.ts';
import { lockId } from '../../../src/runs/index.ts';
import { callControl } from '../../run/call.ts';

/** Who holds an id, or held it last. `unknown`: it could not be asked, which must not end a guard. */
export async function holderOf(workflowId: string, summary: string): Promise<LastHolder | undefined | 'unknown'> {
  try {
    return await callControl('describeHolder', { workflowId }, summary);
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('a holder could not be described', { workflowId, error });
    return 'unknown';
  }
}

/** Who holds the lock of a group. */
export function lockHolder(target: string): ReturnType<typeof holderOf> {
  const lock = lockId('redis', target);
  return holderOf(lock, `who holds ${lock}`);
}
