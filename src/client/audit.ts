import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { GantryError, troubleOf } from '../errors/index.ts';
import type { RedisAudit, RedisAuditInput } from '../runs/index.ts';
import { grpcStatus, isDeadline, serverError } from './server-error.ts';

/** The observer's workflow type (workflows/redis/audit.ts). It holds no lock and changes nothing. */
const redisAuditType = 'redisAudit';

/** Looking at every group takes seconds; a node that doesn't answer costs its timeouts. */
const auditMs = 90_000;

/**
 * What runs that were ended from outside, or anybody else, may have left behind in Redis.
 * @throws GantryError NO_WORKER when nothing came of it in time, else what the audit failed with.
 */
export async function auditRedis(client: Client, taskQueue: string, input: RedisAuditInput = {}): Promise<RedisAudit> {
  try {
    return await client.connection.withDeadline(Date.now() + auditMs, () =>
      client.workflow.execute<(input: RedisAuditInput) => Promise<RedisAudit>>(redisAuditType, {
        workflowId: `audit/redis/${input.group ?? 'all'}/${randomBytes(6).toString('hex')}`,
        taskQueue,
        args: [input],
        workflowExecutionTimeout: auditMs,
        staticSummary: `audit of ${input.group ?? 'every Redis group'}`,
      }),
    );
  } catch (error) {
    if (error instanceof WorkflowFailedError) {
      const { code, message, problems, evidence } = troubleOf(error.cause ?? error);
      throw new GantryError(code, message, { problems, evidence, cause: error.cause });
    }
    if (isDeadline(grpcStatus(error)))
      throw new GantryError('NO_WORKER', `the audit was not answered within ${auditMs / 1000} s`, {
        evidence: { taskQueue },
        cause: error,
      });
    throw serverError(error) ?? error;
  }
}
