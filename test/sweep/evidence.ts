import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { Attempt } from './attempt.ts';

/** Keeps what a failed point needs to be understood: findings with the record of commands, the history, the workers' logs. */
export async function keepEvidence(
  folder: string,
  result: { name: string; faults: readonly string[] },
  made: Attempt | undefined,
  client: Client,
): Promise<string> {
  const place = join(folder, 'failed', result.name.replaceAll(/[^\w.#@-]/g, '_'));
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'result.json'), `${JSON.stringify({ ...result, attempt: made }, null, 2)}\n`);
  if (!made) return place;
  for (const log of made.logFiles) copyFileSync(log, join(place, basename(log)));
  const { workflowId, runId } = made;
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  writeFileSync(join(place, 'history.json'), historyToJSON(history));
  return place;
}
