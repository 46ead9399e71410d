import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunReport, RunStatus } from '../../src/runs/index.ts';
import { describeWith } from '../support/lab.ts';
import type { SwitchoverRig } from '../support/switchover-rig.ts';
import { quickPolicies, startSwitchoverRig } from '../support/switchover-rig.ts';
import { fillApproval, fillStartForm, openBrowser, openPage, readPlan } from '../support/temporal-ui.ts';
import { useTemporal } from '../support/temporal.ts';

/** With GANTRY_SCREENSHOTS=1 the pictures of the docs are made again. */
const pictures = process.env['GANTRY_SCREENSHOTS'] === '1' ? resolve('docs/images') : undefined;

await describeWith(['temporal', 'redis', 'chromium'], 'a person with nothing but the Temporal UI', () => {
  const server = useTemporal({ ui: true });
  let rig: SwitchoverRig;
  let browser: Browser;
  beforeAll(async () => {
    const { default: quick } = quickPolicies;
    const policies = { default: { ...quick, approval: { people: 1 }, soak: { duration: '2s', every: '200ms' } } };
    rig = await startSwitchoverRig(server(), { policies });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await rig?.stop();
  });

  const picture = async (page: Page, name: string): Promise<void> => {
    if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
  };
  test('starts a switchover, reads its plan, approves it, and follows it to its end', async () => {
    const page = await openPage(browser);
    const base = `${server().uiUrl ?? ''}/namespaces/default/workflows`;
    const { groupName, taskQueue } = rig;
    const workflowId = `redis/${groupName}`;
    const input = {
      group: groupName,
      reason: 'kernel upgrade of the primary, CHG-1042',
      requestedBy: 'ann@example.com',
    };
    const form = await fillStartForm(page, { base, taskQueue, workflowType: 'redisSwitchover', workflowId, input });
    await picture(page, 'ui-start');
    await form.start();

    const handle = server().client.workflow.getHandle(workflowId);
    const status = (): Promise<RunStatus> => handle.query<RunStatus>('status');
    await expect.poll(async () => (await status()).state).toBe('awaiting-approval');
    const details = await readPlan(page, base, workflowId);
    const { plan } = await status();
    expect(plan?.actions.length).toBeGreaterThan(3);
    for (const { what } of plan?.actions ?? []) expect(details).toContain(what);
    for (const line of plan?.irreversible ?? []) expect(details).toContain(line);
    await picture(page, 'ui-plan');

    const approval = await fillApproval(page, details, 'bob@example.com');
    await picture(page, 'ui-approve');
    await approval.send();

    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(report.actions.map(({ action, by }) => [action, by])).toEqual([['approve', 'bob@example.com']]);
    await page.goto(`${base}/${encodeURIComponent(workflowId)}`);
    await page.getByText('Completed').first().waitFor();
    await page.getByText('prove the roles').first().waitFor();
    await picture(page, 'ui-done');
  });
});
