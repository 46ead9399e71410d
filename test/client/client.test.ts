import { getEventListeners, once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  abort,
  approve,
  connect,
  listRuns,
  livePollers,
  missingSearchAttributes,
  runReport,
  runStatus,
  serverFacts,
  startRun,
  watchRun,
} from '../../src/client/index.ts';
import { ask } from '../../src/client/server-error.ts';
import type { GantryError } from '../../src/errors/index.ts';
import { problem } from '../../src/errors/index.ts';
import type { RunInput } from '../../src/runs/index.ts';
import type { FakeServer } from './server.ts';
import { startFakeServer } from './server.ts';

const taskQueue = 'fakes';
const check = () => [];
let server: FakeServer;
let client: Client;

beforeAll(async () => {
  server = await startFakeServer();
  client = server.client;
});
afterAll(() => server.stop());

function start(input: RunInput & { group: string }, workflowId?: string) {
  return startRun(client, 'redis.switchover', input, { taskQueue, check, ...(workflowId ? { workflowId } : {}) });
}

async function refused(act: Promise<unknown>): Promise<GantryError> {
  try {
    await act;
  } catch (error) {
    return error as GantryError;
  }
  throw new Error('nothing was refused');
}

describe('without a server', () => {
  it('says within seconds that nobody answers, with the address', async () => {
    const began = Date.now();
    const address = '127.0.0.1:1';
    const error = await refused(connect({ address, namespace: 'default', options: { address } }));
    expect(error).toMatchObject({ code: 'NO_SERVER', message: expect.stringContaining(address) as string });
    expect(Date.now() - began).toBeLessThan(120_000);
  });

  it('takes a stream that the server reset at its own deadline for one that ran out of time', async () => {
    const resets = http2.createServer().on('stream', (stream) => stream.close(http2.constants.NGHTTP2_CANCEL));
    await once(resets.listen(0, '127.0.0.1'), 'listening');
    const connection = Connection.lazy({ address: `127.0.0.1:${(resets.address() as AddressInfo).port}` });
    const request = () => connection.workflowService.describeNamespace({ namespace: 'default' });
    expect(await refused(ask(new Client({ connection }), request))).toMatchObject({ code: 'NO_SERVER' });
    await connection.close();
    resets.close();
  });
});

describe('without a worker', () => {
  it('refuses to start a run that would wait', async () => {
    expect(await refused(start({ group: 'unpolled' }))).toMatchObject({ code: 'NO_WORKER', evidence: { taskQueue } });
    expect(await refused(runStatus(client, 'redis/unpolled'))).toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('tells what the server knows, with a note, and refuses updates as NO_WORKER', async () => {
    await startRun(client, 'redis.switchover', { group: 'waiting' }, { taskQueue, check, withoutWorker: true });
    const answer = await runStatus(client, 'redis/waiting');
    expect(answer).toMatchObject({ status: { kind: 'redis.switchover', state: 'planning' }, closed: false });
    expect(answer.note).toContain('no worker');
    expect(await refused(abort(client, 'redis/waiting', { by: 'me' }))).toMatchObject({ code: 'NO_WORKER' });
    await client.workflow.getHandle('redis/waiting').terminate();
  });

  it('sees no poller, the search attributes and the version', async () => {
    expect(await livePollers(client, 'nobody', 'activity')).toEqual([]);
    expect(await missingSearchAttributes(client)).toEqual([]);
    expect(await serverFacts(client)).toMatchObject({ namespace: 'default', version: expect.any(String) as string });
  });
});

describe('with a worker', () => {
  let stop: () => void;
  let stopped: Promise<unknown>;
  beforeAll(async () => {
    stopped = server.withWorker(taskQueue, () => new Promise<void>((resolve) => (stop = resolve)));
    while ((await livePollers(client, taskQueue, 'workflow')).length === 0) await sleep(50);
  });
  afterAll(async () => {
    stop();
    await stopped;
  });

  it('sees who polls', async () => {
    expect(await livePollers(client, taskQueue, 'workflow')).toEqual([expect.stringContaining(`${process.pid}@`)]);
  });

  it('starts nothing that the check refuses, and reports every problem', async () => {
    const problems = [problem('INVALID_INPUT', 'one', 'a'), problem('INVALID_INPUT', 'two', 'b')];
    const begun = startRun(
      client,
      'redis.switchover',
      { group: 'x' },
      {
        taskQueue,
        check: () => problems,
      },
    );
    expect(await refused(begun)).toMatchObject({ code: 'INVALID_INPUT', problems });
    expect(await refused(runStatus(client, 'redis/x'))).toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('carries a run from start over approval to its report', async () => {
    const started = await start({ group: 'whole' });
    expect(started).toMatchObject({ workflowId: 'redis/whole', target: 'whole', dryRun: false });
    const states: string[] = [];
    await watchRun(client, 'redis/whole', ({ status }) => states.push(status.state), {
      until: ({ status }) => status.state === 'awaiting-approval',
    });
    expect(await runReport(client, 'redis/whole')).toBeUndefined();
    const watched = watchRun(client, 'redis/whole', ({ status }) => states.push(status.state));
    await approve(client, 'redis/whole', { planHash: 'good', by: 'me' });
    expect(await watched).toMatchObject({ closed: true, status: { state: 'done' } });
    expect(states.at(-1)).toBe('done');
    expect(await runReport(client, 'redis/whole')).toMatchObject({ outcome: 'done', runId: started.runId });
  });

  it('watches for long without a listener for each look', async () => {
    await start({ group: 'long' });
    const { signal } = new AbortController();
    const from = performance.now();
    // Two whole looks at the least: one every two seconds.
    await watchRun(client, 'redis/long', () => undefined, { signal, until: () => performance.now() - from > 5_000 });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await abort(client, 'redis/long', { by: 'me' });
  });

  it('names the holder of a busy lock', async () => {
    const { runId } = await start({ group: 'busy', requestedBy: 'ann' });
    const error = await refused(start({ group: 'busy' }));
    expect(error.code).toBe('RESOURCE_BUSY');
    expect(error.message).toContain('ann');
    expect(error.evidence).toMatchObject({ holder: { workflowId: 'redis/busy', runId, kind: 'redis.switchover' } });
    await abort(client, 'redis/busy', { by: 'me' });
  });

  it('runs a dry run beside a real one, under an id of its own', async () => {
    await start({ group: 'beside', reason: 'hold' });
    const { workflowId } = await start({ group: 'beside', dryRun: true });
    expect(workflowId).toMatch(/^dry-run\/redis\.switchover\/beside\//);
    expect(await watchRun(client, workflowId, () => undefined)).toMatchObject({ status: { state: 'planned' } });
    await abort(client, 'redis/beside', { by: 'me' });
  });

  it('gives a refused update its code, problems and evidence', async () => {
    await start({ group: 'refuses' });
    const error = await refused(approve(client, 'redis/refuses', { planHash: 'bad', by: 'me' }));
    expect(error).toMatchObject({ code: 'APPROVAL_REJECTED', evidence: { planHash: 'bad' } });
    await abort(client, 'redis/refuses', { by: 'me' });
    await watchRun(client, 'redis/refuses', () => undefined);
    expect(await refused(abort(client, 'redis/refuses', { by: 'me' }))).toMatchObject({ code: 'WRONG_STATE' });
  });

  it('finds the report of a failed run in its failure', async () => {
    await start({ group: 'fails', reason: 'fail' });
    await approve(client, 'redis/fails', { planHash: 'good', by: 'me' });
    await watchRun(client, 'redis/fails', () => undefined);
    expect(await runReport(client, 'redis/fails')).toMatchObject({ outcome: 'failed', target: 'fails' });
  });

  it('follows a proxy run to the run that it started, and sends updates there', async () => {
    await start({ group: 'behind' }, 'typed-in-the-ui');
    const { status, proxy } = await watchRun(client, 'typed-in-the-ui', () => undefined, {
      until: (answer) => answer.status.state === 'awaiting-approval',
    });
    expect({ id: status.workflowId, proxy }).toEqual({ id: 'redis/behind', proxy: 'typed-in-the-ui' });
    const after = await approve(client, 'typed-in-the-ui', { planHash: 'good', by: 'me' });
    expect(after.workflowId).toBe('redis/behind');
    await watchRun(client, 'redis/behind', () => undefined);
    const closed = await watchRun(client, 'typed-in-the-ui', () => undefined);
    expect(closed.status).toMatchObject({ workflowId: 'redis/behind', state: 'done' });
    expect(await runReport(client, 'typed-in-the-ui')).toMatchObject({ workflowId: 'redis/behind', outcome: 'done' });
  });

  it('never follows a proxy run to a run that another one started', async () => {
    const { runId } = await start({ group: 'taken', reason: 'hold' });
    await start({ group: 'taken' }, 'late');
    const { status } = await watchRun(client, 'late', () => undefined, {
      until: (answer) => answer.status.state === 'failed',
    });
    expect(status.runId).not.toBe(runId);
    await abort(client, 'redis/taken', { by: 'me' });
  });

  it('calls a terminated run failed, whatever it said last, and names what it leaves', async () => {
    await start({ group: 'shot', reason: 'hold' });
    await watchRun(client, 'redis/shot', () => undefined, {
      until: ({ status }) => status.state === 'awaiting-approval',
    });
    await client.workflow.getHandle('redis/shot').terminate('test');
    const { status, note } = await watchRun(client, 'redis/shot', () => undefined);
    expect(status).toMatchObject({ state: 'failed', problem: { code: 'RUN_TERMINATED' } });
    expect(note).toContain('TERMINATED');
    const report = await runReport(client, 'redis/shot');
    expect(report).toMatchObject({ outcome: 'failed', leftBehind: [expect.stringContaining('hand over')] });
  });

  it('makes the report of a cancelled run from its last status', async () => {
    await start({ group: 'cancelled', reason: 'hold' });
    await client.workflow.getHandle('redis/cancelled').cancel();
    await watchRun(client, 'redis/cancelled', () => undefined);
    expect(await runReport(client, 'redis/cancelled')).toMatchObject({ outcome: 'cancelled', target: 'cancelled' });
  });

  it('lists runs by state, kind and target, open ones first', async () => {
    await start({ group: 'listed', reason: 'hold' });
    await expect.poll(async () => listRuns(client, { target: 'listed' })).toMatchObject([{ closed: false }]);
    expect((await listRuns(client))[0]).toMatchObject({ closed: false });
    await expect.poll(async () => (await listRuns(client, { state: 'failed' })).length).toBeGreaterThan(1);
    expect(await listRuns(client, { state: 'parked' })).toEqual([]);
    expect(await listRuns(client, { target: `o'neil\\` })).toEqual([]);
    await abort(client, 'redis/listed', { by: 'me' });
  });
});
