import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { GantryError, troubleOf } from '../errors/index.ts';
import type {
  ClickHouseHealth,
  ClickHouseHealthInput,
  ClockReading,
  QueueToAsk,
  RedisAudit,
  RedisAuditInput,
  WorkerCheck,
  WorkerCheckInput,
} from '../runs/index.ts';
import { checkWorkersType } from '../runs/index.ts';
import { ask, grpcStatus, isDeadline, serverError } from './server-error.ts';

/** Looking at everything takes seconds; a node that doesn't answer costs its timeouts. */
const lookMs = 90_000;

/** A live worker begins a workflow in a fraction of a second, on a busy machine within a few. */
const begunMs = 8_000;

/** Events of a workflow whose first task a worker has ended: started, task scheduled, started, completed. */
const begunEvents = 4;

export type LookOptions = {
  /** How long the look may take at most. Milliseconds. */
  withinMs?: number;
};

/** An observer's workflow: it holds no lock and changes nothing. */
type Look = { type: string; id: string; title: string };

/** What a look saw, and what time the Temporal server had when it began. */
type Looked<R> = { seen: R; clock: ClockReading };

/**
 * What runs that were ended from outside, or anybody else, may have left behind in Redis.
 * @throws GantryError NO_WORKER when nothing came of it in time, else what the audit failed with.
 */
export async function auditRedis(
  client: Client,
  taskQueue: string,
  input: RedisAuditInput = {},
  options: LookOptions = {},
): Promise<RedisAudit> {
  const look = {
    type: 'redisAudit',
    id: `audit/redis/${input.group ?? 'all'}`,
    title: `audit of ${input.group ?? 'every Redis group'}`,
  };
  return (await observe<RedisAuditInput, RedisAudit>(client, taskQueue, look, input, options)).seen;
}

/**
 * Which workers are there now, by their own word, and what time they and their targets have; `here` is the clock of this
 * machine. Every reading is against the clock of the Temporal server.
 * @throws GantryError NO_WORKER when no worker of workflows takes it up in time.
 */
export async function checkWorkers(
  client: Client,
  taskQueue: string,
  queues: readonly QueueToAsk[],
  options: LookOptions = {},
): Promise<WorkerCheck & { here: ClockReading }> {
  const look = { type: checkWorkersType, id: 'check/workers', title: 'check of the workers' };
  const input: WorkerCheckInput = { queues };
  const { seen, clock } = await observe<WorkerCheckInput, WorkerCheck>(client, taskQueue, look, input, options);
  return { ...seen, here: clock };
}

/**
 * How a ClickHouse cluster stands: every reading with its threshold.
 * @throws GantryError NO_WORKER when nothing came of it in time, else what the look failed with.
 */
export async function clickhouseHealth(
  client: Client,
  taskQueue: string,
  input: ClickHouseHealthInput,
): Promise<ClickHouseHealth> {
  const { cluster, table } = input;
  const look = {
    type: 'clickhouseHealth',
    id: `health/clickhouse/${cluster}/${table ?? 'all'}`,
    title: `health of ${cluster}${table === undefined ? '' : `, ${table}`}`,
  };
  return (await observe<ClickHouseHealthInput, ClickHouseHealth>(client, taskQueue, look, input)).seen;
}

async function observe<I, R>(
  client: Client,
  taskQueue: string,
  { type, id, title }: Look,
  input: I,
  { withinMs = lookMs }: LookOptions = {},
): Promise<Looked<R>> {
  const giveUp = new AbortController();
  try {
    const before = Date.now();
    const handle = await ask(client, () =>
      client.workflow.start<(input: I) => Promise<R>>(type, {
        workflowId: `${id}/${randomBytes(6).toString('hex')}`,
        taskQueue,
        args: [input],
        workflowExecutionTimeout: withinMs,
        staticSummary: title,
      }),
    );
    const after = Date.now();
    const result = client.connection.withAbortSignal(giveUp.signal, () =>
      client.connection.withDeadline(Date.now() + withinMs, () => handle.result()),
    );
    const ended = result.then(
      () => true,
      () => true,
    );
    if (!(await Promise.race([ended, sleep(Math.min(begunMs, withinMs), false, { signal: giveUp.signal })]))) {
      const { historyLength } = await ask(client, () => handle.describe());
      if (historyLength < begunEvents) {
        await ask(client, () => handle.terminate('no worker has begun it')).catch(() => undefined);
        throw noWorker(`no worker has begun the ${title} within ${Math.min(begunMs, withinMs) / 1000} s`, taskQueue);
      }
    }
    const seen = await result;
    const { startTime } = await ask(client, () => handle.describe());
    // The server wrote its start between our two looks at our clock.
    const clock = { aheadMs: (before + after) / 2 - startTime.getTime(), withinMs: (after - before) / 2 };
    return { seen, clock: { name: 'this machine', ...clock } };
  } catch (error) {
    if (error instanceof WorkflowFailedError) {
      const { code, message, problems, evidence } = troubleOf(error.cause ?? error);
      throw new GantryError(code, message, { problems, evidence, cause: error.cause });
    }
    if (isDeadline(grpcStatus(error)))
      throw noWorker(`the ${title} was not answered within ${withinMs / 1000} s`, taskQueue, error);
    throw serverError(error) ?? error;
  } finally {
    giveUp.abort();
  }
}

function noWorker(message: string, taskQueue: string, cause?: unknown): GantryError {
  return new GantryError('NO_WORKER', message, { evidence: { taskQueue }, ...(cause === undefined ? {} : { cause }) });
}
