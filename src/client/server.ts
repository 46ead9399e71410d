import type { Client } from '@temporalio/client';
import { searchAttributeNames } from '../runs/index.ts';
import { ask } from './server-error.ts';

/** `temporal.api.enums.v1.TaskQueueType`. */
const queueTypes = { workflow: 1, activity: 2 } as const;

/** A poll lasts 60 s, and the server remembers a poller for 5 minutes: one that hasn't asked for this long is gone. */
const pollerGoneMs = 90_000;

/** Who has polled a queue, by the identity that it gave itself, and when it did so last, by the server's clock. */
export type Poller = { identity: string; lastAt: number };

/** Who has polled a queue within the last minutes, as the server remembers: some of them may be gone. */
export async function pollersOf(client: Client, name: string, type: keyof typeof queueTypes): Promise<Poller[]> {
  const { namespace } = client.options;
  const { pollers } = await ask(client, () =>
    client.workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType: queueTypes[type] }),
  );
  return (pollers ?? []).map(({ identity, lastAccessTime }) => ({
    identity: identity ?? '',
    lastAt: Number(lastAccessTime?.seconds ?? 0) * 1_000,
  }));
}

/** Who probably polls a queue now: a poll lasts a minute, so that one who has died since then still counts. */
export async function livePollers(client: Client, name: string, type: keyof typeof queueTypes): Promise<string[]> {
  const pollers = await pollersOf(client, name, type);
  return pollers.filter(({ lastAt }) => isRecent(lastAt, Date.now())).map(({ identity }) => identity);
}

/** Whether a poller that asked last at `lastAt` may still be there at `now`. */
export function isRecent(lastAt: number, now: number): boolean {
  return now - lastAt < pollerGoneMs;
}

export type ServerFacts = { version: string; namespace: string; retentionDays: number };

/**
 * The server's version and our namespace.
 * @throws GantryError NO_SERVER, NAMESPACE_NOT_FOUND, SERVER_REFUSED.
 */
export async function serverFacts(client: Client): Promise<ServerFacts> {
  const { namespace } = client.options;
  const [system, described] = await Promise.all([
    ask(client, () => client.workflowService.getSystemInfo({})),
    ask(client, () => client.workflowService.describeNamespace({ namespace })),
  ]);
  const retention = Number(described.config?.workflowExecutionRetentionTtl?.seconds ?? 0);
  return { version: system.serverVersion ?? '', namespace, retentionDays: retention / 86_400 };
}

/** Gantry's search attributes that the namespace lacks: a run could not start with them missing. */
export async function missingSearchAttributes(client: Client): Promise<readonly string[]> {
  const { namespace } = client.options;
  const { customAttributes } = await ask(client, () =>
    client.connection.operatorService.listSearchAttributes({ namespace }),
  );
  return Object.values(searchAttributeNames).filter((name) => !Object.hasOwn(customAttributes ?? {}, name));
}
