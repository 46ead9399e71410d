import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../lab/ports.ts';
import { startTemporal } from '../../lab/temporal/temporal.ts';
import { describeWith, labFolder, stopping } from '../support/lab.ts';
import { timeSkippingEnvironment } from '../support/time-skipping.ts';

async function connect(address: string): Promise<Connection> {
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  return connection;
}

await describeWith(['temporal'], "the lab's Temporal server", () => {
  test('answers, knows the search attributes and serves the UI', async () => {
    const searchAttributes = { GantryKind: 'Keyword' } as const;
    const temporal = stopping(await startTemporal({ stateDir: labFolder(), ui: true, searchAttributes }));
    const connection = await connect(temporal.address);
    const known = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
    expect(Object.keys(known.customAttributes)).toContain('GantryKind');
    expect((await fetch(temporal.uiUrl ?? '')).status).toBe(200);
  });

  test('still has its runs when it was killed and is started on the same file', async () => {
    const stateDir = labFolder();
    const options = { stateDir, port: await freePort(), dbFile: join(stateDir, 'db', 'temporal.db') };
    const first = stopping(await startTemporal(options));
    const connection = await connect(first.address);
    const { runId } = await connection.workflowService.startWorkflowExecution({
      ...{ namespace: 'default', workflowId: 'kept', requestId: 'once' },
      ...{ workflowType: { name: 'none' }, taskQueue: { name: 'nobody' } },
    });
    await first.kill();
    stopping(await startTemporal(options));
    const { workflowExecutionInfo } = await (
      await connect(first.address)
    ).workflowService.describeWorkflowExecution({ namespace: 'default', execution: { workflowId: 'kept' } });
    expect(workflowExecutionInfo?.execution?.runId).toBe(runId);
  });
});

await describeWith(['time-skipping'], "the lab's time-skipping server", () => {
  test('sleeps two days at once', async () => {
    const environment = await timeSkippingEnvironment();
    onTestFinished(() => environment.teardown());
    const before = await environment.currentTimeMs();
    await environment.sleep('48 hours');
    expect((await environment.currentTimeMs()) - before).toBeGreaterThanOrEqual(48 * 3_600_000);
  });
});
