import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findChromium } from '../../lab/programs.ts';
import type { RunReport, RunStatus } from '../../src/runs/index.ts';
import { describeWith } from '../support/lab.ts';
import type { SwitchoverRig } from '../support/switchover-rig.ts';
import { quickPolicies, startSwitchoverRig } from '../support/switchover-rig.ts';
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
    browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await rig?.stop();
  });

  const picture = async (page: Page, name: string): Promise<void> => {
    if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
  };
  /** Pastes into an editor, as a person does with what the docs show. */
  const paste = async (page: Page, editor: Locator, text: string): Promise<void> => {
    await editor.click();
    await page.keyboard.insertText(text);
  };

  test('starts a switchover, reads its plan, approves it, and follows it to its end', async () => {
    const page = await browser.newPage({ viewport: { width: 1400, height: 1100 } });
    page.setDefaultTimeout(120_000);
    const base = `${server().uiUrl ?? ''}/namespaces/default/workflows`;
    const { groupName, taskQueue } = rig;
    const workflowId = `redis/${groupName}`;

    // The link of docs/runs.md fills in the rest.
    await page.goto(`${base}/start-workflow?taskQueue=${encodeURIComponent(taskQueue)}&workflowType=redisSwitchover`);
    await page.locator('#workflowId').fill(workflowId);
    await expect.poll(() => page.locator('#workflowType').inputValue()).toBe('redisSwitchover');
    await expect.poll(() => page.locator('#taskQueue').inputValue()).toBe(taskQueue);
    const input = {
      group: groupName,
      reason: 'kernel upgrade of the primary, CHG-1042',
      requestedBy: 'ann@example.com',
    };
    await paste(page, page.locator('[contenteditable=true]').first(), JSON.stringify(input, null, 2));
    await picture(page, 'ui-start');
    await page.getByTestId('start-workflow-button').click();

    const handle = server().client.workflow.getHandle(workflowId);
    const status = (): Promise<RunStatus> => handle.query<RunStatus>('status');
    await expect.poll(async () => (await status()).state).toBe('awaiting-approval');
    await page.goto(`${base}/${encodeURIComponent(workflowId)}`);
    await page.getByText('User Metadata').click();
    // What comes from a run is shown in a frame; the page asks the worker once somebody presses R.
    const frame = page.frameLocator('iframe').first();
    const planShown = async (): Promise<boolean> => {
      await page.keyboard.press('r');
      return frame.getByText('What it will do').isVisible();
    };
    await expect.poll(planShown, { interval: 1_000 }).toBe(true);
    const details = await frame.locator('body').innerText();
    const { plan } = await status();
    expect(plan?.actions.length).toBeGreaterThan(3);
    for (const { what } of plan?.actions ?? []) expect(details).toContain(what);
    for (const line of plan?.irreversible ?? []) expect(details).toContain(line);
    await picture(page, 'ui-plan');

    // Taken off the page, as a person would.
    const [, hash = ''] = /"planHash":"([0-9a-f]+)"/.exec(details) ?? [];
    await page.getByRole('button', { name: 'More Actions' }).click();
    await page.getByRole('menuitem', { name: 'Send an Update' }).first().click();
    await page.getByTestId('update-select-button').filter({ visible: true }).click();
    await page.getByRole('option', { name: 'approve' }).filter({ visible: true }).click();
    const dialog = page.locator('[contenteditable=true]').last();
    await paste(page, dialog, JSON.stringify({ planHash: hash, by: 'bob@example.com' }));
    // Left, the editor sets its JSON out again, and the button moves.
    await page.keyboard.press('Tab');
    await picture(page, 'ui-approve');
    await page.getByTestId('confirm-modal-button').filter({ visible: true }).click();

    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(report.actions.map(({ action, by }) => [action, by])).toEqual([['approve', 'bob@example.com']]);
    await page.goto(`${base}/${encodeURIComponent(workflowId)}`);
    await page.getByText('Completed').first().waitFor();
    await page.getByText('prove the roles').first().waitFor();
    await picture(page, 'ui-done');
  });
});
