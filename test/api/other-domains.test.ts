import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AccessRig, Name } from '../support/access-rig.ts';
import { startAccessRig } from '../support/access-rig.ts';
import { anyParts } from '../support/any-activities.ts';
import { describeWith } from '../support/lab.ts';
import { useTemporal } from '../support/temporal.ts';

type Answer = { title?: string; detail?: string; workflowId?: string };

await describeWith(['temporal'], 'a run that starts runs of another domain, over the API', () => {
  const server = useTemporal();
  let rig: AccessRig;
  beforeAll(async () => {
    rig = await startAccessRig(server(), { policies: { default: { approval: { people: 1 } } } }, await anyParts());
  });
  afterAll(() => rig?.stop());

  const start = (who: Name, region: string, more: object = {}) =>
    rig.send<Answer>(who, 'POST', '/v1/region/rollout', { region, ...more });
  /** Brings a run of ann's to its plan, and has somebody approve it. */
  async function approve(who: Name, region: string, hash?: string) {
    const lock = `region/${region}`;
    const { plan } = await rig.reaches(lock, 'awaiting-approval');
    return rig.send<Answer>(who, 'POST', `/v1/runs/${encodeURIComponent(lock)}/approve`, {
      planHash: hash ?? plan?.hash,
    });
  }

  test('is started by whoever may start both', async () => {
    expect((await start('eve', 'alone')).status).toBe(202);
    expect((await start('eve', 'refused', { withHosts: false })).status).toBe(202);
    const { status, body } = await start('eve', 'hosts', { withHosts: true });
    expect([status, body.title]).toEqual([403, 'API_FORBIDDEN']);
    expect(body.detail).toContain('start runs of host.fleet-onboard');
    // Not for a look either: it logs in to hosts.
    expect((await start('eve', 'hosts', { withHosts: true, dryRun: true })).status).toBe(403);
  });

  test('is approved by whoever may approve both', async () => {
    expect((await start('ann', 'with-hosts', { withHosts: true })).status).toBe(202);
    const { status, body } = await approve('eve', 'with-hosts');
    expect([status, body.title]).toEqual([403, 'API_FORBIDDEN']);
    expect(body.detail).toContain('approve runs of host.fleet-onboard');
    // Nor is it for a plan that the API does not know to be without hosts.
    expect((await approve('eve', 'with-hosts', 'another')).status).toBe(403);
    expect((await approve('bob', 'with-hosts')).status).toBe(200);
  });

  test('without those runs, the role over its own domain will do', async () => {
    expect((await start('ann', 'without-hosts')).status).toBe(202);
    expect((await approve('eve', 'without-hosts')).status).toBe(200);
  });
});
