import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import type { Access, Api, Signer } from '../../src/api/index.ts';
import type { AuditEntry } from '../../src/audit/index.ts';
import { createApi, newToken, parseAccess } from '../../src/api/index.ts';
import type { Role } from '../../src/api/index.ts';
import { parsePlatform } from '../../src/platform/index.ts';
import { readFileSync } from 'node:fs';

export type Person = { name: string; token: string };

/** People with one role each over every kind: `viewer@example.com` and so on, and one to whom nothing is granted. */
export function people(): { access: () => Access; as: Record<Role | 'nobody', Person> } {
  const names = ['viewer', 'proposer', 'operator', 'approver', 'nobody'] as const;
  const made = names.map((role) => ({ role, name: `${role}@example.com`, ...newToken() }));
  const access = parseAccess(
    JSON.stringify({
      version: 1,
      tokens: made.map(({ role, name, sha256 }) => ({
        id: role,
        person: name,
        sha256,
        expires: '2999-01-01T00:00:00Z',
      })),
      grants: made
        .filter(({ role }) => role !== 'nobody')
        .map(({ role, name }) => ({ to: name, roles: [role], over: ['*'] })),
    }),
    'access.yaml',
  );
  const as = Object.fromEntries(made.map(({ role, name, token }) => [role, { name, token }]));
  return { access: () => access, as: as as Record<Role | 'nobody', Person> };
}

/** An API over a client, with the example's platform file and a log that keeps what it is told. */
export async function apiOver(
  client: Client,
  taskQueue: string,
  access: () => Access,
  more: { perMinute?: number; signer?: Signer } = {},
): Promise<{ api: Api; log: string[]; acts: AuditEntry[] }> {
  const log: string[] = [];
  const acts: AuditEntry[] = [];
  const example = new URL('../../platform.example.yaml', import.meta.url).pathname;
  const platform = parsePlatform(readFileSync(example, 'utf8'), example);
  const api = await createApi({
    ...{ client, taskQueue, access, perMinute: 100_000, ...more },
    platform: () => platform,
    ...{ audit: { append: async (entry: AuditEntry) => void acts.push(entry) } },
    log: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
  });
  return { api, log, acts };
}
