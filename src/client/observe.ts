import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { GantryError, troubleOf } from '../errors/index.ts';
import type { ClickHouseHealth, ClickHouseHealthInput, RedisAudit, RedisAuditInput } from '../runs/index.ts';
import { grpcStatus, isDeadline, serverError } from './server-error.ts';

/** Looking at everything takes seconds; a node that doesn't answer costs its timeouts. */
const lookMs = 90_000;

/** An observer's workflow: it holds no lock and changes nothing. */
type Look = { type: string; id: string; title: string };

/**
 * What runs that were ended from outside, or anybody else, may have left behind in Redis.
 * @throws GantryError NO_WORKER when nothing came of it in time, else what the audit failed with.
 */
export function auditRedis(client: Client, taskQueue: string, input: RedisAuditInput = {}): Promise<RedisAudit> {
  const look = {
    type: 'redisAudit',
    id: `audit/redis/${input.group ?? 'all'}`,
    title: `audit of ${input.group ?? 'every Redis group'}`,
  };
  return observe(client, taskQueue, look, input);
}

/**
 * How a ClickHouse cluster stands: every reading with its threshold.
 * @throws GantryError NO_WORKER when nothing came of it in time, else what the look failed with.
 */
export function clickhouseHealth(
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
  return observe(client, taskQueue, look, input);
}

async function observe<I, R>(client: Client, taskQueue: string, { type, id, title }: Look, input: I): Promise<R> {
  try {
    return await client.connection.withDeadline(Date.now() + lookMs, () =>
      client.workflow.execute<(input: I) => Promise<R>>(type, {
        workflowId: `${id}/${randomBytes(6).toString('hex')}`,
        taskQueue,
        args: [input],
        workflowExecutionTimeout: lookMs,
        staticSummary: title,
      }),
    );
  } catch (error) {
    if (error instanceof WorkflowFailedError) {
      const { code, message, problems, evidence } = troubleOf(error.cause ?? error);
      throw new GantryError(code, message, { problems, evidence, cause: error.cause });
    }
    if (isDeadline(grpcStatus(error)))
      throw new GantryError('NO_WORKER', `the ${title} was not answered within ${lookMs / 1000} s`, {
        evidence: { taskQueue },
        cause: error,
      });
    throw serverError(error) ?? error;
  }
}
