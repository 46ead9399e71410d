import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunReport, RunStatus } from '../../src/runs/index.ts';
import { ec2Rig } from '../support/ec2-rig.ts';
import { describeWith } from '../support/lab.ts';
import { playCluster } from '../support/played-cluster.ts';
import { fillApproval, fillStartForm, openBrowser, openPage, readPlan } from '../support/temporal-ui.ts';
import { useTemporal } from '../support/temporal.ts';
import type { RegionHarness } from '../workflows/region/harness.ts';
import { intentOf, regionWorld, startRegionHarness } from '../workflows/region/harness.ts';

const region = 'ap-southeast-1';
const components = ['platform-namespace', 'alertmanager'];

await describeWith(['temporal', 's3', 'chromium'], 'a region, from the Temporal UI', () => {
  const server = useTemporal({ ui: true });
  const rig = ec2Rig();
  const world = regionWorld();
  let harness: RegionHarness;
  let browser: Browser;
  beforeAll(async () => {
    world.policy = { ...world.policy, approval: { people: 1, expiresAfterMs: 1_800_000 } };
    const scene = { endpoint: rig.ec2.endpoint, cluster: playCluster() };
    harness = await startRegionHarness(server(), world, {
      now: { ...scene, intent: (name) => intentOf(name, components) },
    });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await harness?.stop();
  });

  test('is started under a free id, read, approved and followed on the page of that id', async () => {
    const page = await openPage(browser);
    const base = `${server().uiUrl ?? ''}/namespaces/default/workflows`;
    const { taskQueue } = harness;
    const workflowId = 'my-rollout';
    const input = { region, reason: 'PLAT-311', requestedBy: 'ann@example.com' };
    const form = await fillStartForm(page, { base, taskQueue, workflowType: 'regionRollout', workflowId, input });
    await form.start();
    const real = server().client.workflow.getHandle(`region/${region}`);
    const stateOf = async (): Promise<string | undefined> =>
      (await real.query<RunStatus>('status').catch(() => undefined))?.state;
    await expect.poll(stateOf).toBe('awaiting-approval');
    // The page of the id that the person chose, not that of the lock.
    const details = await readPlan(page, base, workflowId);
    expect(details).toContain(`region/${region}`);
    expect(rig.ec2.writes()).toEqual([]);
    await (await fillApproval(page, details, 'bob@example.com')).send();
    const report = (await server().client.workflow.getHandle(workflowId).result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'done', requestedBy: 'ann@example.com' });
    expect(rig.ec2.writes()).toContain('CreateVpc');
    await page.goto(`${base}/${encodeURIComponent(workflowId)}`);
    await page.getByText('Completed').first().waitFor();
  });
});
