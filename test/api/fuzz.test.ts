import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../lab/clock.ts';
import { requestPrefix } from '../../src/runs/index.ts';
import type { AccessRig } from '../support/access-rig.ts';
import { startAccessRig } from '../support/access-rig.ts';
import { anyParts } from '../support/any-activities.ts';
import { describeWith } from '../support/lab.ts';
import { useTemporal } from '../support/temporal.ts';
import type { Seeds } from './fuzz.ts';
import { fuzz, seededSchema, seedRuns } from './fuzz.ts';
import { apiOver, people } from './support.ts';

const roles = ['viewer', 'proposer', 'operator', 'approver', 'nobody'] as const;
/** Of each operation, as each role: GANTRY_FUZZ=35 makes more than 5,000 requests, and prints how many were answered how. */
const examples = Number(process.env['GANTRY_FUZZ'] ?? 1);

await describeWith(['temporal', 'schemathesis'], 'requests that nobody thought of', () => {
  const server = useTemporal();
  const { access, as } = people();
  let rig: AccessRig;
  beforeAll(async () => {
    rig = await startAccessRig(server(), { policies: { default: { approval: { people: 1 } } } }, await anyParts());
  });
  afterAll(() => rig?.stop());

  const historyOf = async (workflowId: string): Promise<number> =>
    (await rig.client.workflow.getHandle(workflowId).describe()).historyLength;
  const standing = (seeds: Seeds) => Promise.all([...seeds.waiting, ...seeds.ended].map(historyOf));

  test.each(roles)('as %s: no answer is a failure, and what was refused has started nothing', async (role) => {
    const seeds = await seedRuns(rig, role);
    const { api, log, acts } = await apiOver(rig.client, rig.taskQueue, access, { signer: rig.signer });
    await api.listen({ port: 0, host: '127.0.0.1' });
    const before = await standing(seeds);
    // A busy dev server has once answered a list with `Namespace not found`.
    const earlier = (await until(requests, 30_000)) ?? [];
    const { token } = as[role];
    const schema = seededSchema(seeds);
    const { code, out } = await fuzz(api, token, { stateDir: server().stateDir, schema, examples, name: role });
    const statuses = log.flatMap(
      (line) => (JSON.parse(line) as { res?: { statusCode: number } }).res?.statusCode ?? [],
    );
    if (process.env['GANTRY_FUZZ']) process.stdout.write(`${JSON.stringify({ role, ...tallyOf(statuses) })}\n`);
    expect(code, out).toBe(0);
    expect(statuses.length).toBeGreaterThan(50);
    expect(statuses.filter((status) => status >= 500)).toEqual([]);

    // What the server has is what was answered as started, no more and no less.
    const started = acts.filter(({ act, outcome }) => ['start', 'dry-run'].includes(act) && outcome === 'done');
    const wanted = [...new Set(started.map(({ workflowId }) => workflowId ?? ''))].sort();
    await expect.poll(async () => (await requests()).filter((id) => !earlier.includes(id))).toEqual(wanted);
    if (role !== 'proposer' && role !== 'operator') expect(wanted).toEqual([]);
    if (role === 'viewer' || role === 'nobody' || role === 'proposer') expect(await standing(seeds)).toEqual(before);
    await api.close();
  });

  /** The requests for a run that the server knows. */
  async function requests(): Promise<string[]> {
    const ids: string[] = [];
    const query = `WorkflowId STARTS_WITH "${requestPrefix}"`;
    for await (const { workflowId } of rig.client.workflow.list({ query })) ids.push(workflowId);
    return ids.sort();
  }
});

function tallyOf(statuses: readonly number[]): Record<string, number> {
  const of = (from: number): number => statuses.filter((status) => status >= from && status < from + 100).length;
  return { requests: statuses.length, '2xx': of(200), '4xx': of(400), '5xx': of(500) };
}
