import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { createControlActivities } from '../../activities/run/index.ts';
import { until } from '../../lab/clock.ts';
import type { Api, Signer } from '../../src/api/index.ts';
import { createApi, newSigningKey, newToken, parseAccess, signerFrom } from '../../src/api/index.ts';
import type { AuditLog } from '../../src/audit/index.ts';
import { auditFolder, folderAudit } from '../../src/audit/index.ts';
import { runStatus } from '../../src/client/index.ts';
import { folderStore } from '../../src/drivers/reports/folder-store.ts';
import { parsePlatform } from '../../src/platform/index.ts';
import type { Domain, RunStatus } from '../../src/runs/index.ts';
import { controlQueue, domainQueue } from '../../src/runs/index.ts';
import { buildBundle } from '../../workers/bundle.ts';
import { createWorld, worldActivities } from '../workflows/run/world.ts';
import { memoryPayloads } from './payloads.ts';
import type { TestServer } from './temporal.ts';

/** People: ann may do everything, bob and cid approve, dan only looks, eve starts and approves runs of regions alone. */
export const names = ['ann', 'bob', 'cid', 'dan', 'eve'] as const;
export type Name = (typeof names)[number];

/** The admission, approvals and audit of production over steps in memory, and an API that signs. */
export type AccessRig = {
  client: Client;
  taskQueue: string;
  api: Api;
  signer: Signer;
  auditFolder: string;
  tokens: Readonly<Record<Name, string>>;
  /** The key file of the API, for other signers. */
  keyFile: string;
  /** Sends a request of one of them. */
  send: <T>(who: Name, method: 'GET' | 'POST', url: string, payload?: object) => Promise<{ status: number; body: T }>;
  /** Starts a run over the API; answers the id of the request. */
  start: (who: Name, group: string) => Promise<string>;
  /** The run behind an id, once it is in a state. */
  reaches: (workflowId: string, state: RunStatus['state']) => Promise<RunStatus>;
  stop: () => Promise<void>;
};

let rigs = 0;

/** What the workers of a rig carry out. Unless given, the workflows of the tests over a world in memory. */
export type RigParts = { bundle: { codePath: string }; activities: Partial<Record<Domain, object>> };

async function worldParts(): Promise<RigParts> {
  const codePath = await buildBundle(fileURLToPath(new URL('../workflows/run/fixtures.ts', import.meta.url)));
  return { bundle: { codePath }, activities: { redis: worldActivities(createWorld()) } };
}

/** `rest`: what the platform file says besides its keys. */
export async function startAccessRig(
  { client, native: connection, stateDir }: TestServer,
  rest: Record<string, unknown>,
  parts?: RigParts,
): Promise<AccessRig> {
  const folder = join(stateDir, `access-${(rigs += 1)}`);
  mkdirSync(folder);
  const taskQueue = `access-${process.pid}-${rigs}`;
  const { file, line } = await newSigningKey('api-1');
  const keyFile = join(folder, 'api-1.json');
  writeFileSync(keyFile, file);
  const platform = parsePlatform(
    JSON.stringify({
      ...{ version: 1, name: 'access', regions: { here: { zones: { a: { runs: [] } } } } },
      ...{ approvals: { keys: [line] }, reports: { folder: join(folder, 'reports') }, ...rest },
    }),
    'platform.yaml',
  );
  const audited = auditFolder(join(folder, 'reports'));
  const audit: AuditLog = folderAudit(audited);
  const control = createControlActivities({
    ...{ platform, client, notifier: async () => undefined, audit, payloads: memoryPayloads() },
    reports: folderStore(join(folder, 'reports')),
  });
  const { bundle, activities: served } = parts ?? (await worldParts());
  const workers = await Promise.all([
    Worker.create({ connection, taskQueue, workflowBundle: bundle }),
    Worker.create({ connection, taskQueue: controlQueue(taskQueue), activities: control }),
    ...Object.entries(served).map(([domain, activities]) =>
      Worker.create({ connection, taskQueue: domainQueue(taskQueue, domain as Domain), activities }),
    ),
  ]);
  const runs = workers.map((worker) => worker.run());
  const signer = await signerFrom(keyFile);
  const { tokens, access } = accessOf();
  const api = await createApi({
    ...{ client, taskQueue, signer, audit: folderAudit(audited), perMinute: 100_000 },
    ...{ access: () => access, platform: () => platform, log: pino({ level: 'silent' }) },
  });
  let keys = 0;
  const send: AccessRig['send'] = async (who, method, url, payload) => {
    const answer = await api.inject({
      ...{ method, url, ...(payload === undefined ? {} : { payload }) },
      headers: { authorization: `Bearer ${tokens[who]}`, 'idempotency-key': `${taskQueue}-${(keys += 1)}` },
    });
    return { status: answer.statusCode, body: answer.json() };
  };
  return {
    ...{ client, taskQueue, api, signer, tokens, keyFile, auditFolder: audited, send },
    start: async (who, group) => {
      const { body } = await send<{ workflowId: string }>(who, 'POST', '/v1/redis/switchover', { group });
      return body.workflowId;
    },
    reaches: async (workflowId, state) => {
      let last: RunStatus | undefined;
      const seen = await until(async () => {
        last = (await runStatus(client, workflowId)).status;
        return last.state === state ? last : undefined;
      }, 30_000);
      if (seen) return seen;
      throw new Error(`${workflowId} never became ${state}, it is ${last?.state}: ${JSON.stringify(last?.problem)}`);
    },
    stop: async () => {
      await api.close();
      for (const worker of workers) worker.shutdown();
      await Promise.all(runs);
    },
  };
}

function accessOf() {
  const made = names.map((person) => ({ person, ...newToken() }));
  const access = parseAccess(
    JSON.stringify({
      version: 1,
      tokens: made.map(({ person, sha256 }) => ({ id: person, person, sha256, expires: '2999-01-01T00:00:00Z' })),
      grants: [
        { to: 'ann', roles: ['operator', 'approver'], over: ['*'] },
        { to: 'bob', roles: ['approver'], over: ['*'] },
        { to: 'cid', roles: ['approver'], over: ['*'] },
        { to: 'dan', roles: ['viewer'], over: ['*'] },
        { to: 'eve', roles: ['proposer', 'approver'], over: ['region.*'] },
      ],
    }),
    'access.yaml',
  );
  const tokens = Object.fromEntries(made.map(({ person, token }) => [person, token])) as Record<Name, string>;
  return { tokens, access };
}
