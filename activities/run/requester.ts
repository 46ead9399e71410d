import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { LoadedPlatform } from '../../src/platform/index.ts';
import type { ItemRef, Kind } from '../../src/runs/index.ts';
import { canonicalJson, requestPrefix, requestTokens, workflowTypeOf } from '../../src/runs/index.ts';
import { requesterIn } from './tokens.ts';

/**
 * Who asked for a run, where that is known: the API has started the request that started it, and has signed who sent it. The
 * server is asked, not the run: the memo and the time of the start are the server's. Anyone else may write any name into an
 * input.
 */
export async function knownRequester(
  client: Client,
  platform: LoadedPlatform,
  { kind, input }: { kind: Kind; input: unknown },
  parent: ItemRef,
): Promise<string | undefined> {
  if (!parent.workflowId.startsWith(requestPrefix) || platform.platform.approvals.keys.length === 0) return undefined;
  const seen = await client.workflow
    .getHandle(parent.workflowId, parent.runId)
    .describe()
    .catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    });
  const token = seen?.memo?.[requestTokens.memo];
  if (!seen || seen.type !== workflowTypeOf(kind) || typeof token !== 'string') return undefined;
  const asked = createHash('sha256')
    .update(canonicalJson([kind, input]))
    .digest('hex');
  const { namespace } = client.options;
  const wanted = { namespace, workflowId: parent.workflowId, kind, asked };
  return requesterIn(platform, token, wanted, seen.startTime.getTime());
}
