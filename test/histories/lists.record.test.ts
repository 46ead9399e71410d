import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { describe, expect, test } from 'vitest';
import { pool, serialOf } from '../../bench/host/platform.ts';
import { pause } from '../../lab/clock.ts';
import type { ListItem, RunReport, RunStatus } from '../../src/runs/index.ts';
import { storeList } from '../../src/steps/index.ts';
import { startFleetRig } from '../support/fleet-rig.ts';
import { useTemporal } from '../support/temporal.ts';
import { startHarness } from '../workflows/run/harness.ts';
import { createWorld } from '../workflows/run/world.ts';
import { scrubbed } from './scrub.ts';

// `GANTRY_RECORD=1 npx vitest run --project lab test/histories/lists.record.test.ts`: histories of lists, over played items. They
// are a test file for the sake of the harness, which lives in vitest.
const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string };

describe.skipIf(!process.env['GANTRY_RECORD'])('a recording', () => {
  const server = useTemporal();
  async function write(name: string, handle: WorkflowHandle): Promise<void> {
    const history = historyToJSON(await handle.fetchHistory());
    const [workflow, which] = name.split(' ');
    writeFileSync(`${here}${workflow}@${version}-${which}.json`, scrubbed(history, { [server().stateDir]: '/lab', [root]: '' }));
  }

  const host = (at: number): WorkflowHandle => server().client.workflow.getHandle(`host/${serialOf(at)}`);

  test('of the runner of a list: a history that continued as new, and its last', async () => {
    const world = createWorld();
    const harness = await startHarness(server(), world);
    try {
      const items = Array.from({ length: 10 }, (_, at): ListItem => {
        return { name: `i${at}`, input: { group: `list-i${at}`, steps: [`i${at}`] }, shares: [`rack/${at % 2}`] };
      });
      const listing = { window: 2, maxFailures: 0, limits: { rack: 1 }, fullHistory: 60 };
      const input = { group: 'list', items: await storeList(world.payloads, items), listing };
      const run = await harness.start(input, { type: 'fleet' });
      const runIds = new Set<string>();
      const runner = harness.client.workflow.getHandle(`${run.workflowId}/list/1`);
      let over = false;
      void run.result().finally(() => (over = true));
      while (!over) {
        const seen = await runner.describe().catch(() => undefined);
        if (seen) runIds.add(seen.runId);
        await pause(10);
      }
      const [first = '', ...more] = runIds;
      expect(more.length).toBeGreaterThan(0);
      await write('listRunner continued', harness.client.workflow.getHandle(runner.workflowId, first));
      await write('listRunner done', runner);
    } finally {
      await harness.stop();
    }
  });

  test('of a host: planned, aborted; of its conformance', async () => {
    const rig = await startFleetRig(server(), 4);
    const serial = serialOf(4);
    const start = (type: string, workflowId: string, input: object): Promise<WorkflowHandle> =>
      server().client.workflow.start(type, { workflowId, taskQueue: rig.taskQueue, args: [{ ...input, requestedBy: 'ada' }] });
    try {
      const planned = await start('hostOnboard', `dry-run/host/${serial}`, { serial, dryRun: true });
      await planned.result();
      await write('hostOnboard planned', planned);
      const aborted = await start('hostOnboard', `host/${serial}`, { serial });
      let now: RunStatus = await aborted.query<RunStatus>('status');
      for (; now.state !== 'awaiting-approval'; now = await aborted.query<RunStatus>('status')) await pause(20);
      await aborted.executeUpdate('approve', { args: [{ planHash: now.plan?.hash, by: 'bob' }] });
      for (; now.steps.length < 4; now = await aborted.query<RunStatus>('status')) await pause(5);
      await aborted.executeUpdate('abort', { args: [{ by: 'ada', reason: 'another host first' }] });
      expect(((await aborted.result()) as RunReport).outcome).toBe('aborted');
      await write('hostOnboard aborted', aborted);
      const drifted = await start('hostConformance', 'host/conformance', { hosts: 'z1' });
      const report = (await drifted.result()) as RunReport;
      expect(report.measurements).toMatchObject({ unanswered: 7, quarantined: 1 });
      await write('hostConformance done-drifted', drifted);
    } finally {
      await rig.stop();
    }
  });

  test('of a fleet: planned, parked with a failed host and retried, done without a change', async () => {
    const rig = await startFleetRig(server(), 4, [1]);
    const start = (workflowId: string, more: object): Promise<WorkflowHandle> =>
      server().client.workflow.start('hostFleetOnboard', {
        ...{ workflowId, taskQueue: rig.taskQueue, args: [{ ...pool, requestedBy: 'ada', maxFailures: 1, ...more }] },
      });
    try {
      const planned = await start('dry-run/host/z1', { dryRun: true });
      await planned.result();
      await write('hostFleetOnboard planned', planned);
      const retried = await start('host/z1/small', {});
      let parked: RunStatus['parked'];
      while (!parked) {
        await pause(50);
        ({ parked } = await retried.query<RunStatus>('status'));
      }
      await retried.executeUpdate('resolve', { args: [{ action: 'retry', park: parked.id, by: 'ada' }] });
      expect(((await retried.result()) as RunReport).outcome).toBe('done');
      await write('hostFleetOnboard parked-retried', retried);
      await write('hostOnboard done', host(0));
      const done = await start('host/z1/small', {});
      await done.result();
      await write('hostFleetOnboard done', done);
      await host(0).result();
      await write('hostOnboard idle', host(0));
    } finally {
      await rig.stop();
    }
  });
});
