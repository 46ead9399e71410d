import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { GantryError } from '../errors/index.ts';
import type { Kind, RequestBinding } from '../runs/index.ts';
import { canonicalJson, requestPrefix, requestTokens } from '../runs/index.ts';
import { ask } from './server-error.ts';
import type { StartOptions, Started } from './start.ts';
import { startRun } from './start.ts';

/** A start that may be sent again: whoever asked, the key that they chose, and what they asked for. */
export type OnceOptions = Omit<StartOptions, 'workflowId' | 'memo'> & {
  person: string;
  key: string;
  /** Makes the token that says who asks: a run knows its requester by it. */
  sign?: (binding: RequestBinding) => Promise<string>;
};

/** `again`: the key had started this run before; nothing was started now. */
export type StartedOnce = Started & { again: boolean };

/**
 * Starts a run at most once for a key of a person. The key becomes the workflow id of a proxy run, so that Temporal itself
 * refuses the double, also for a caller that died before it read the answer, for as long as the namespace keeps ended runs.
 * @throws GantryError IDEMPOTENCY_KEY_REUSED for another input under the same key; what `startRun` gives
 */
export async function startOnce(
  client: Client,
  kind: Kind,
  input: object,
  { person, key, sign, ...options }: OnceOptions,
): Promise<StartedOnce> {
  const workflowId = `${requestPrefix}${sha256([person, key])}`;
  const asked = sha256([kind, input]);
  const token = sign && (await sign({ namespace: client.options.namespace, workflowId, kind, asked }));
  const memo = { [requestTokens.asked]: asked, ...(token === undefined ? {} : { [requestTokens.memo]: token }) };
  try {
    const started = await startRun(client, kind, input, { ...options, workflowId, once: true, memo });
    return { ...started, again: false };
  } catch (error) {
    if (!(error instanceof GantryError) || error.code !== 'RESOURCE_BUSY') throw error;
    return { ...(await earlier(client, kind, input, workflowId, asked)), again: true };
  }
}

async function earlier(client: Client, kind: Kind, input: object, workflowId: string, asked: string): Promise<Started> {
  const { memo, runId } = await ask(client, () => client.workflow.getHandle(workflowId).describe());
  if (memo?.[requestTokens.asked] !== asked) {
    const message = 'this Idempotency-Key came with another request before; nothing was started';
    throw new GantryError('IDEMPOTENCY_KEY_REUSED', message, { evidence: { workflowId, runId } });
  }
  const { dryRun } = input as { dryRun?: boolean };
  return { kind, target: '', workflowId, runId, dryRun: dryRun === true };
}

/** The same request has the same digest, however its client wrote it. */
function sha256(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
