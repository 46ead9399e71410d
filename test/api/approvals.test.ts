import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newSigningKey, signerFrom } from '../../src/api/index.ts';
import { readAudit, verifyAudit } from '../../src/audit/index.ts';
import { approve, runStatus, startRun } from '../../src/client/index.ts';
import { validateInput } from '../../src/registry/index.ts';
import type { ApprovalBinding, RunReport } from '../../src/runs/index.ts';
import { approvalTokens } from '../../src/runs/index.ts';
import type { AccessRig, Name } from '../support/access-rig.ts';
import { startAccessRig } from '../support/access-rig.ts';
import { describeWith } from '../support/lab.ts';
import { useTemporal } from '../support/temporal.ts';

type Problem = { title: string; detail: string };
const planHash = 'hash-as ever';
const at = (workflowId: string, verb = ''): string => `/v1/runs/${encodeURIComponent(workflowId)}${verb}`;

await describeWith(['temporal'], 'signed approvals', () => {
  const server = useTemporal();
  let rig: AccessRig;
  let folder: string;
  let groups = 0;
  const newGroup = (): string => `signed-${(groups += 1)}`;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gantry-keys-'));
    rig = await startAccessRig(server(), {
      policies: { default: { approval: { people: 2 } }, kinds: { 'redis.rejoin': { approval: { people: 1 } } } },
    });
  });
  afterAll(async () => {
    await rig?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const overApi = (who: Name, workflowId: string) =>
    rig.send<Problem>(who, 'POST', at(workflowId, '/approve'), { planHash });
  /** A run of ann's that waits, and what its tokens are bound to. */
  const waiting = async (): Promise<{ request: string; binding: ApprovalBinding }> => {
    const request = await rig.start('ann', newGroup());
    const { workflowId, runId } = await rig.reaches(request, 'awaiting-approval');
    return { request, binding: { namespace: 'default', workflowId, runId, planHash, verb: 'approve' } };
  };
  /** What the audit says of a run, refusals as their codes. */
  const audited = async ({ workflowId }: ApprovalBinding): Promise<string[]> => {
    const lines = await readAudit(rig.auditFolder, (line) => line.via === 'run' && line.workflowId === workflowId, 100);
    return lines.map(({ act, by, code }) => `${act} ${by}${code === undefined ? '' : ` ${code}`}`);
  };

  test('two people approve, whoever asked aside, and one of them counts once', async () => {
    const { request, binding } = await waiting();
    const own = await overApi('ann', request);
    expect([own.status, own.body.title]).toEqual([403, 'APPROVAL_OWN']);
    expect((await overApi('bob', request)).status).toBe(200);
    expect((await overApi('bob', request)).status).toBe(200);
    const { status } = await runStatus(rig.client, request);
    expect(status).toMatchObject({
      state: 'awaiting-approval',
      approval: { needed: 2, given: ['bob'], signed: true },
      actions: [{ action: 'approve', by: 'bob' }],
    });
    expect((await overApi('cid', request)).status).toBe(200);
    await rig.reaches(request, 'done');
    const report = (await rig.client.workflow.getHandle(binding.workflowId).result()) as RunReport;
    expect(report.actions.map(({ by }) => by)).toEqual(['bob', 'cid']);
    expect(await audited(binding)).toEqual(['start ann', 'approve ann APPROVAL_OWN', 'approve bob', 'approve cid']);
    const late = await overApi('cid', request);
    expect([late.status, late.body.title]).toEqual([409, 'WRONG_STATE']);
  });

  test('a refused one stays in the history of the run and in the audit, and another can follow', async () => {
    const { request, binding } = await waiting();
    const send = (token?: string, by = 'bob', hash = planHash) =>
      approve(rig.client, binding, { planHash: hash, by, ...(token === undefined ? {} : { token }) }).then(
        () => 'taken',
        (error: { code?: string }) => error.code,
      );
    const sign = (change: Partial<Record<keyof ApprovalBinding, string>> = {}, person = 'bob') =>
      rig.signer.approval({ ...binding, ...change } as ApprovalBinding, person);
    /** A key of a stranger under an id. */
    const stranger = async (id: string) => {
      const path = join(folder, `${id}.json`);
      writeFileSync(path, (await newSigningKey(id)).file);
      return signerFrom(path);
    };
    /** Signed with the key of the API, in a form that the API never gives. */
    const odd = async (header: object, claims: object, lifeS: number): Promise<string> => {
      const key = await importJWK(JSON.parse(readFileSync(rig.keyFile, 'utf8')) as never, 'EdDSA');
      const now = Math.floor(Date.now() / 1_000);
      return new SignJWT({ ...binding, ...claims })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'api-1', typ: approvalTokens.type, ...header })
        .setAudience(approvalTokens.audience)
        .setSubject('bob')
        .setJti(`odd-${lifeS}`)
        .setIssuedAt(now)
        .setExpirationTime(now + lifeS)
        .sign(key);
    };
    const old = await signerFrom(rig.keyFile, () => Date.now() - 3_600_000);
    const unsigned = `${Buffer.from('{"alg":"none","kid":"api-1"}').toString('base64url')}.e30.`;
    const ofRequest = { namespace: 'default', workflowId: request, kind: 'redis.switchover', asked: 'x' };
    const cases: [what: string, code: string, sent: Promise<string | undefined>][] = [
      ['no token', 'APPROVAL_UNSIGNED', send()],
      ['another run', 'APPROVAL_FOR_ANOTHER', send(await sign({ runId: '00000000-0000-4000-8000-000000000000' }))],
      ['another target', 'APPROVAL_FOR_ANOTHER', send(await sign({ workflowId: 'redis/other' }))],
      ['another namespace', 'APPROVAL_FOR_ANOTHER', send(await sign({ namespace: 'other' }))],
      ['another plan', 'APPROVAL_FOR_ANOTHER', send(await sign({ planHash: 'other' }))],
      ['another plan in the request', 'APPROVAL_FOR_ANOTHER', send(await sign(), 'bob', 'other')],
      ['another verb', 'APPROVAL_FOR_ANOTHER', send(await sign({ verb: 'abort' }))],
      ['another person in the request', 'APPROVAL_FOR_ANOTHER', send(await sign(), 'cid')],
      ['an undeclared key', 'APPROVAL_KEY_UNKNOWN', send(await (await stranger('api-2')).approval(binding, 'bob'))],
      ['a forged key', 'APPROVAL_TOKEN_INVALID', send(await (await stranger('api-1')).approval(binding, 'bob'))],
      ['another type', 'APPROVAL_TOKEN_INVALID', send(await rig.signer.request(ofRequest, 'bob'))],
      ['the type of a plain JWT', 'APPROVAL_TOKEN_INVALID', send(await odd({ typ: 'JWT' }, {}, 60))],
      ['no signature', 'APPROVAL_TOKEN_INVALID', send(unsigned)],
      ['no token at all', 'APPROVAL_TOKEN_INVALID', send('token')],
      ['an expired one', 'APPROVAL_TOKEN_EXPIRED', send(await old.approval(binding, 'bob'))],
      ['one that lives for a day', 'APPROVAL_TOKEN_EXPIRED', send(await odd({}, {}, 86_400))],
      ['one’s own', 'APPROVAL_OWN', send(await sign({}, 'ann'), 'ann')],
    ];
    for (const [what, code, sent] of cases) expect([what, await sent]).toEqual([what, code]);
    const token = await sign();
    expect(await send(token)).toBe('taken');
    expect(await send(token)).toBe('APPROVAL_TOKEN_USED');

    const { events = [] } = await rig.client.workflow.getHandle(binding.workflowId).fetchHistory();
    const failed = (events ?? []).flatMap((event) => {
      const { outcome } = event.workflowExecutionUpdateCompletedEventAttributes ?? {};
      const type = outcome?.failure?.applicationFailureInfo?.type;
      return type ? [type] : [];
    });
    const codes = [...cases.map(([, code]) => code), 'APPROVAL_TOKEN_USED'];
    expect(failed.sort()).toEqual([...codes].sort());
    const inAudit = (await audited(binding)).flatMap((line) => line.match(/APPROVAL_\w+$/) ?? []);
    expect(inAudit.sort()).toEqual([...codes].sort());
    expect((await overApi('cid', request)).status).toBe(200);
    await rig.reaches(request, 'done');
    expect((await verifyAudit(rig.auditFolder)).findings).toEqual([]);
  });

  test('the same token twice at the same time counts once', async () => {
    const { request, binding } = await waiting();
    const token = await rig.signer.approval(binding, 'bob');
    const answers = await Promise.allSettled(
      Array.from({ length: 4 }, () => approve(rig.client, binding, { planHash, by: 'bob', token })),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { status } = await runStatus(rig.client, request);
    expect(status).toMatchObject({ state: 'awaiting-approval', approval: { given: ['bob'] } });
    await rig.send('ann', 'POST', at(request, '/abort'), {});
    await rig.reaches(request, 'aborted');
  });

  test('a run whose requester is not known needs two others, whatever name it gives itself', async () => {
    const group = newGroup();
    const started = await startRun(
      rig.client,
      'redis.switchover',
      { group, requestedBy: 'ann' },
      {
        ...{ taskQueue: rig.taskQueue, check: validateInput, workflowId: `request/${'0'.repeat(64)}` },
        memo: {
          requester: await rig.signer.request(
            { namespace: 'default', workflowId: 'request/x', kind: 'redis.switchover', asked: 'x' },
            'ann',
          ),
        },
      },
    );
    const { approval } = await rig.reaches(started.workflowId, 'awaiting-approval');
    expect(approval?.needed).toBe(2);
    // Nothing says that it was ann.
    expect((await overApi('ann', started.workflowId)).status).toBe(200);
    expect((await overApi('bob', started.workflowId)).status).toBe(200);
    await rig.reaches(started.workflowId, 'done');
  });
});

await describeWith(['temporal'], 'a policy of one person, with a key declared', () => {
  const server = useTemporal();
  let rig: AccessRig;
  beforeAll(async () => {
    rig = await startAccessRig(server(), {
      policies: { default: { approval: { people: 1 } } },
    });
  });
  afterAll(() => rig?.stop());

  test('counts signed approvals alone: one where the requester is known, two where not', async () => {
    const known = await rig.start('ann', 'one');
    expect((await rig.reaches(known, 'awaiting-approval')).approval).toMatchObject({ needed: 1, signed: true });
    await expect(approve(rig.client, known, { planHash, by: 'bob' })).rejects.toMatchObject({
      code: 'APPROVAL_UNSIGNED',
    });
    expect((await rig.send('bob', 'POST', at(known, '/approve'), { planHash })).status).toBe(200);
    await rig.reaches(known, 'done');
    const bare = await startRun(
      rig.client,
      'redis.switchover',
      { group: 'two', requestedBy: 'ann' },
      {
        ...{ taskQueue: rig.taskQueue, check: validateInput },
      },
    );
    expect((await rig.reaches(bare.workflowId, 'awaiting-approval')).approval).toMatchObject({ needed: 2 });
  });

  test('writes what the API refuses to the audit, and never a token', async () => {
    const refused = await rig.send<Problem>('dan', 'POST', '/v1/redis/switchover', { group: 'three' });
    expect(refused.status).toBe(403);
    const stranger = await rig.api.inject({ method: 'GET', url: '/v1/runs' });
    expect(stranger.statusCode).toBe(401);
    const lines = await readAudit(rig.auditFolder, ({ via }) => via === 'api', 100);
    expect(lines).toContainEqual(
      expect.objectContaining({
        by: 'dan',
        act: 'start',
        outcome: 'refused',
        code: 'API_FORBIDDEN',
        kind: 'redis.switchover',
      }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ by: 'unknown', act: 'read', outcome: 'refused', code: 'API_UNAUTHENTICATED' }),
    );
    const all = JSON.stringify(await readAudit(rig.auditFolder, () => true, 1_000));
    expect(all).toContain('APPROVAL_UNSIGNED');
    expect(all).not.toMatch(/gantry_|eyJ/);
  });
});

describe('a signing key', () => {
  test('that cannot be used is refused without a word of what it holds', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'gantry-key-')), 'key.json');
    for (const text of ['', '{"kty":"OKP","crv":"Ed25519","kid":"a","d":"SECRET"}', 'SECRET']) {
      writeFileSync(path, text);
      const error: unknown = await signerFrom(path).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'APPROVAL_KEY_UNREADABLE' });
      expect(JSON.stringify(error) + String(error)).not.toContain('SECRET');
    }
    await expect(signerFrom('/nowhere/key.json')).rejects.toMatchObject({ code: 'APPROVAL_KEY_UNREADABLE' });
  });
});
