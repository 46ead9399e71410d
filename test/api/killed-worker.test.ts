import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { newSigningKey, signerFrom } from '../../src/api/index.ts';
import { auditFolder, readAudit, verifyAudit } from '../../src/audit/index.ts';
import { approve, startRun } from '../../src/client/index.ts';
import { validateInput } from '../../src/registry/index.ts';
import type { RunReport } from '../../src/runs/index.ts';
import { until } from '../../lab/clock.ts';
import { describeWith } from '../support/lab.ts';
import { startProcessRig, statusOf } from '../support/process-rig.ts';
import { useTemporal } from '../support/temporal.ts';

await describeWith(['temporal', 'redis'], 'a worker process that is killed between two approvals', () => {
  const server = useTemporal();

  test('loses neither the first approval nor the second, and takes none twice', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gantry-killed-'));
    const { file, line } = await newSigningKey('api-1');
    writeFileSync(join(folder, 'key.json'), file);
    const signer = await signerFrom(join(folder, 'key.json'));
    const rig = await startProcessRig(server(), '300ms');
    try {
      const platform = parse(readFileSync(rig.platformFile, 'utf8')) as { policies: { default: object } };
      const policies = { ...platform.policies, default: { ...platform.policies.default, approval: { people: 2 } } };
      writeFileSync(rig.platformFile, JSON.stringify({ ...platform, approvals: { keys: [line] }, policies }));
      await rig.restartWorkers();

      const { client } = server();
      const input = { group: rig.groupName, requestedBy: 'ann' };
      const started = await startRun(client, 'redis.switchover', input, {
        ...{ taskQueue: rig.taskQueue, check: validateInput },
      });
      const { workflowId, runId } = started;
      const run = client.workflow.getHandle(workflowId, runId);
      const waiting = await until(async () => {
        const status = await statusOf(run);
        return status.state === 'awaiting-approval' ? status : undefined;
      }, 45_000);
      const planHash = waiting?.plan?.hash ?? '';
      const approveAs = async (by: string, token?: string) => {
        const binding = { namespace: 'default', workflowId, runId, planHash, verb: 'approve' } as const;
        const signed = token ?? (await signer.approval(binding, by));
        await approve(client, { workflowId, runId }, { planHash, by, token: signed });
        return signed;
      };
      const first = await approveAs('bob');
      await rig.restartWorkers();
      expect((await statusOf(run)).approval).toMatchObject({ needed: 2, given: ['bob'] });
      // The server gives the next task to the killed worker first, for ten seconds: whoever asks meanwhile is told that no
      // worker took it, and asks again.
      const again = await until(async () => {
        const code = await approveAs('bob', first).catch((error: { code: string }) => error.code);
        return code === 'NO_WORKER' ? undefined : code;
      }, 45_000);
      expect(again).toBe('APPROVAL_TOKEN_USED');
      await approveAs('cid');
      const report = (await run.result()) as RunReport;
      expect(report.outcome).toBe('done');
      expect(report.actions.map(({ action, by }) => `${action} ${by}`)).toEqual(['approve bob', 'approve cid']);

      const audit = auditFolder(rig.reportFolder);
      const lines = await readAudit(audit, (one) => one.workflowId === workflowId, 100);
      const said = lines.map(({ act, by, code }) => [act, by, ...(code ? [code] : [])].join(' '));
      expect([...new Set(said)]).toEqual([
        ...['start ann', 'approve bob', 'approve bob APPROVAL_TOKEN_USED', 'approve cid'],
      ]);
      expect((await verifyAudit(audit)).findings).toEqual([]);
    } finally {
      await rig.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
