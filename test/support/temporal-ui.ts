import { chromium } from 'playwright-core';
import type { Browser, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { findChromium } from '../../lab/programs.ts';

/** A browser at the Temporal UI of a test's server. The tests of the UI wait generously: the page polls. */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
}

export async function openPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 1100 } });
  page.setDefaultTimeout(120_000);
  return page;
}

/** Pastes into an editor, as a person does with what the docs show. */
async function paste(page: Page, editor: Locator, text: string): Promise<void> {
  await editor.click();
  await page.keyboard.insertText(text);
}

type Start = { base: string; taskQueue: string; workflowType: string; workflowId: string; input: object };

/** Opens the start form by the link of docs/runs.md, and fills in what it leaves open. `start` sends it. */
export async function fillStartForm(page: Page, { base, taskQueue, workflowType, workflowId, input }: Start) {
  await page.goto(`${base}/start-workflow?taskQueue=${encodeURIComponent(taskQueue)}&workflowType=${workflowType}`);
  await page.locator('#workflowId').fill(workflowId);
  await expect.poll(() => page.locator('#workflowType').inputValue()).toBe(workflowType);
  await expect.poll(() => page.locator('#taskQueue').inputValue()).toBe(taskQueue);
  await paste(page, page.locator('[contenteditable=true]').first(), JSON.stringify(input, null, 2));
  return { start: () => page.getByTestId('start-workflow-button').click() };
}

/** What the page of a run shows of its plan, once it is there. */
export async function readPlan(page: Page, base: string, workflowId: string): Promise<string> {
  await page.goto(`${base}/${encodeURIComponent(workflowId)}`);
  await page.getByText('User Metadata').click();
  // What comes from a run is shown in a frame; the page asks the worker once somebody presses R.
  const frame = page.frameLocator('iframe').first();
  const planShown = async (): Promise<boolean> => {
    await page.keyboard.press('r');
    return frame.getByText('What it will do').isVisible();
  };
  await expect.poll(planShown, { interval: 1_000 }).toBe(true);
  return frame.locator('body').innerText();
}

/** Fills in the update that approves what the page shows. `send` sends it. */
export async function fillApproval(page: Page, details: string, by: string) {
  // Taken off the page, as a person would.
  const [, planHash = ''] = /"planHash":"([0-9a-f]+)"/.exec(details) ?? [];
  await page.getByRole('button', { name: 'More Actions' }).click();
  await page.getByRole('menuitem', { name: 'Send an Update' }).first().click();
  await page.getByTestId('update-select-button').filter({ visible: true }).click();
  await page.getByRole('option', { name: 'approve' }).filter({ visible: true }).click();
  await paste(page, page.locator('[contenteditable=true]').last(), JSON.stringify({ planHash, by }));
  // Left, the editor sets its JSON out again, and the button moves.
  await page.keyboard.press('Tab');
  return { send: () => page.getByTestId('confirm-modal-button').filter({ visible: true }).click() };
}
