import { condition } from '@temporalio/workflow';
import type { StepRecord } from '../../src/runs/index.ts';
import type { RunContext } from './context.ts';
import { interrupted } from './context.ts';
import { safePoint } from './safe-point.ts';

/** A durable wait: a timer of the server's, so that no worker has to stay alive for it. It shows as a step of its own. */
export async function waitFor(context: RunContext, title: string, ms: number): Promise<void> {
  const { runRecord, controls } = context;
  await safePoint(context);
  const startedAt = Date.now();
  const record: StepRecord = { title, step: 'run.wait', state: 'running', changed: false };
  record.startedAt = new Date(startedAt).toISOString();
  runRecord.steps.push(record);
  runRecord.show();
  for (;;) {
    await safePoint(context);
    const left = startedAt + ms - Date.now();
    if (left <= 0) break;
    const stop = (): boolean => interrupted(context) || controls.pauseAsked;
    await condition(stop, left, { summary: title });
  }
  record.state = 'done';
  record.ms = Date.now() - startedAt;
  record.summary = `waited ${record.ms} ms`;
  runRecord.show();
}
