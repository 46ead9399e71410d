import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { createAdmit } from '../../../activities/run/admit.ts';
import type { AuditEntry, AuditLog } from '../../../src/audit/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { parsePlatform } from '../../../src/platform/index.ts';
import type { Admission, Kind } from '../../../src/runs/index.ts';

// Admissions that are refused on purpose are no news.
Runtime.install({ logger: new DefaultLogger('ERROR') });

const platformOf = (rest: object) =>
  parsePlatform(
    JSON.stringify({ version: 1, name: 'test', regions: { here: { zones: { a: { runs: [] } } } }, ...rest }),
    'platform.yaml',
  );
const looks = { covered: () => Promise.resolve(false), requester: () => Promise.resolve(undefined) };
const full: AuditLog = { append: () => Promise.reject(new GantryError('AUDIT_UNWRITABLE', 'the disk is full')) };

const admit = (kind: Kind, input: object, audit: AuditLog, rest: object = {}): Promise<Admission> =>
  new MockActivityEnvironment().run(createAdmit(platformOf(rest), looks, audit), { kind, input });
const codeOf = (error: unknown): string | undefined => (error as { type?: string }).type;

test('what cannot be recorded is not started, an emergency and a dry run aside', async () => {
  await expect(admit('redis.switchover', { group: 'sessions' }, full)).rejects.toSatisfy(
    (error) => codeOf(error) === 'AUDIT_UNWRITABLE',
  );
  expect(await admit('redis.failover', { group: 'sessions' }, full)).toHaveProperty('policy');
  expect(await admit('redis.switchover', { group: 'sessions', dryRun: true }, full)).toHaveProperty('policy');
});

test('a refusal is recorded with its code, and stays that refusal where it cannot be', async () => {
  const lines: AuditEntry[] = [];
  const kept: AuditLog = { append: async (entry) => void lines.push(entry) };
  const wrong = { group: 'sessions', grp: 1, requestedBy: 'ann' };
  for (const audit of [kept, full])
    await expect(admit('redis.switchover', wrong, audit)).rejects.toSatisfy(
      (error) => codeOf(error) === 'INVALID_INPUT',
    );
  expect(lines).toMatchObject([
    { by: 'ann', act: 'start', outcome: 'refused', code: 'INVALID_INPUT', target: 'sessions' },
  ]);
});

test('a policy that asks for signatures refuses its runs while no key is declared', async () => {
  const kept: AuditLog = { append: async () => undefined };
  for (const approval of [{ people: 2 }, { people: 1, signed: true }])
    await expect(
      admit('redis.switchover', { group: 'sessions' }, kept, { policies: { default: { approval } } }),
    ).rejects.toSatisfy((error) => codeOf(error) === 'POLICY_UNSUPPORTED');
  const keys = [{ id: 'api-1', ed25519: 'A'.repeat(43) }];
  const { policy } = await admit('redis.switchover', { group: 'sessions' }, kept, { approvals: { keys } });
  expect(policy.approval).toMatchObject({ people: 1, signed: true });
  const waived = { approvals: { keys }, policies: { default: { approval: { signed: false } } } };
  expect((await admit('redis.switchover', { group: 'sessions' }, kept, waived)).policy.approval.signed).toBeUndefined();
});
