import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../lab/clock.ts';
import type { Api } from '../../src/api/index.ts';
import type { RunStatus } from '../../src/runs/index.ts';
import { describeWith } from '../support/lab.ts';
import { useTemporal } from '../support/temporal.ts';
import { useHarness } from '../workflows/run/harness.ts';
import { testPolicy } from '../workflows/run/world.ts';
import type { Person } from './support.ts';
import { apiOver, people } from './support.ts';

const asked = testPolicy({ approval: { people: 1, expiresAfterMs: 600_000 } });

await describeWith(['temporal'], 'runs over HTTP', () => {
  const server = useTemporal();
  const use = useHarness(server, 'h');
  const { access, as } = people();
  let api: Api;
  let keys = 0;

  beforeAll(async () => {
    ({ api } = await apiOver(use.harness.client, use.harness.taskQueue, access));
  });
  afterAll(() => api?.close());

  type Answer<T> = { status: number; body: T; headers: Record<string, unknown> };
  const send = async <T>(
    person: Person,
    method: 'GET' | 'POST',
    url: string,
    { payload, key, headers = {} }: { payload?: object; key?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer<T>> => {
    const answer = await api.inject({
      ...{ method, url, ...(payload === undefined ? {} : { payload }) },
      headers: {
        ...{ authorization: `Bearer ${person.token}`, ...headers },
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
    });
    return { status: answer.statusCode, body: answer.json<T>(), headers: answer.headers };
  };
  type Started = { workflowId: string; runId: string; again: boolean };
  const start = (group: string, key = `key-of-mine-${(keys += 1)}`, more: object = {}, person = as.operator) =>
    send<Started>(person, 'POST', '/v1/redis/switchover', { key, payload: { group, ...more } });
  const at = (workflowId: string, verb = ''): string => `/v1/runs/${encodeURIComponent(workflowId)}${verb}`;
  const status = async (workflowId: string): Promise<RunStatus> =>
    (await send<{ run: RunStatus }>(as.viewer, 'GET', at(workflowId))).body.run;
  const reaches = async (workflowId: string, state: string): Promise<RunStatus> => {
    const seen = await until(async () => {
      const now = await status(workflowId);
      return now.state === state ? now : undefined;
    }, 30_000);
    if (seen) return seen;
    throw new Error(`${workflowId} never became ${state}`);
  };

  test('a run is started, read, approved by another person, and its report is read', async () => {
    use.fresh({ policy: asked });
    const group = use.group();
    const { status: code, body, headers } = await start(group);
    expect(code).toBe(202);
    expect(headers['location']).toBe(at(body.workflowId));
    const waiting = await reaches(body.workflowId, 'awaiting-approval');
    expect(waiting).toMatchObject({ target: group, requestedBy: 'operator@example.com' });
    const early = await send<{ title: string }>(as.viewer, 'GET', at(body.workflowId, '/report'));
    expect([early.status, early.body.title]).toEqual([409, 'WRONG_STATE']);
    const payload = { planHash: waiting.plan?.hash ?? '' };
    const own = await send<{ title: string }>(as.operator, 'POST', at(body.workflowId, '/approve'), { payload });
    expect([own.status, own.body.title]).toEqual([403, 'API_FORBIDDEN']);
    const other = await send<{ title: string }>(as.approver, 'POST', at(body.workflowId, '/approve'), {
      payload: { planHash: 'another' },
    });
    expect([other.status, other.body.title]).toEqual([409, 'APPROVAL_REJECTED']);
    expect((await send(as.approver, 'POST', at(body.workflowId, '/approve'), { payload })).status).toBe(200);
    await reaches(body.workflowId, 'done');
    const seen = await until(async () => {
      const { status, body: read } = await send<{ report: { actions: unknown[]; outcome: string } }>(
        ...([as.viewer, 'GET', at(body.workflowId, '/report')] as const),
      );
      return status === 200 ? read.report : undefined;
    }, 30_000);
    expect(seen).toMatchObject({ outcome: 'done', actions: [{ action: 'approve', by: 'approver@example.com' }] });
  });

  test('the same request ten times at once, and again after the run has ended, is one run', async () => {
    use.fresh();
    const group = use.group();
    const answers = await Promise.all(Array.from({ length: 10 }, () => start(group, 'one-key-for-all')));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(9);
    expect(new Set(answers.map(({ body }) => body.runId)).size).toBe(1);
    await reaches(answers[0]?.body.workflowId ?? '', 'done');
    const late = await start(group, 'one-key-for-all');
    expect([late.status, late.body.again, late.body.runId]).toEqual([200, true, answers[0]?.body.runId]);
    // Another API process, which knows nothing of the first one.
    const { api: second } = await apiOver(use.harness.client, use.harness.taskQueue, access);
    const answer = await second.inject({
      ...{ method: 'POST', url: '/v1/redis/switchover', payload: { group } },
      headers: { authorization: `Bearer ${as.operator.token}`, 'idempotency-key': 'one-key-for-all' },
    });
    expect([answer.statusCode, answer.json<Started>().runId]).toEqual([200, answers[0]?.body.runId]);
    await second.close();
  });

  test('a key with another input is refused, and another person’s key is their own', async () => {
    use.fresh();
    const [one, two] = [use.group(), use.group()];
    const first = await start(one, 'a-key-of-two');
    const other = await send<{ title: string; evidence: { workflowId: string } }>(
      ...([as.operator, 'POST', '/v1/redis/switchover'] as const),
      { key: 'a-key-of-two', payload: { group: two } },
    );
    expect([other.status, other.body.title]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    expect(other.body.evidence.workflowId).toBe(first.body.workflowId);
    expect((await start(two, 'a-key-of-two', {}, as.proposer)).status).toBe(202);
  });

  test('a target that another run holds ends the request as refused, and says who holds it', async () => {
    use.fresh({ policy: asked });
    const group = use.group();
    const holder = await start(group);
    await reaches(holder.body.workflowId, 'awaiting-approval');
    const second = await start(group);
    const ended = await until(async () => {
      const now = await status(second.body.workflowId);
      return now.problem ? now : undefined;
    }, 30_000);
    expect(ended?.problem).toMatchObject({ code: 'RESOURCE_BUSY' });
    await send(as.operator, 'POST', at(holder.body.workflowId, '/abort'), { payload: {} });
    await reaches(holder.body.workflowId, 'aborted');
  });

  test('events tell each state to the end, and a client that comes back gets nothing twice', async () => {
    use.fresh({ policy: asked });
    const { body } = await start(use.group());
    const waiting = await reaches(body.workflowId, 'awaiting-approval');
    await api.listen({ port: 0, host: '127.0.0.1' });
    const { port } = api.server.address() as AddressInfo;
    const headers = { authorization: `Bearer ${as.viewer.token}` };
    const url = `http://127.0.0.1:${port}${at(body.workflowId, '/events')}`;
    const first = await readEvents(url, headers, 1);
    expect(first).toMatchObject([{ event: 'state', data: { run: { state: 'awaiting-approval' } } }]);
    const following = readEvents(url, { ...headers, 'last-event-id': first[0]?.id ?? '' });
    await send(as.approver, 'POST', at(body.workflowId, '/approve'), {
      payload: { planHash: waiting.plan?.hash ?? '' },
    });
    const rest = await following;
    expect(rest.map(({ id }) => id)).not.toContain(first[0]?.id);
    expect(rest.at(-1)).toMatchObject({ event: 'end' });
    expect(rest.at(-2)).toMatchObject({ data: { run: { state: 'done' }, closed: true } });
  });

  test('a list is read page by page, each run once', async () => {
    use.fresh();
    const group = use.group();
    for (let count = 0; count < 5; count += 1) {
      const { body } = await start(group, undefined, { dryRun: true });
      await reaches(body.workflowId, 'planned');
    }
    type Page = { runs: { runId: string }[]; next?: string };
    const page = (more: string): Promise<Answer<Page>> =>
      send<Page>(as.viewer, 'GET', `/v1/runs?target=${group}&limit=2${more}`);
    // Visibility is told of a run a moment after it has ended.
    await expect
      .poll(async () => (await send<Page>(as.viewer, 'GET', `/v1/runs?target=${group}`)).body.runs.length)
      .toBe(5);
    const seen: string[] = [];
    for (let next: string | undefined = ''; next !== undefined;) {
      const { body }: Answer<Page> = await page(next === '' ? '' : `&cursor=${next}`);
      expect(body.runs.length).toBeLessThanOrEqual(2);
      seen.push(...body.runs.map(({ runId }) => runId));
      ({ next } = body);
    }
    expect(seen).toHaveLength(5);
    expect(new Set(seen).size).toBe(5);
  });

  test('a run that is not there is not found, and readiness means that a run could start', async () => {
    const { status: code, body } = await send<{ title: string }>(as.viewer, 'GET', at('redis/never'));
    expect([code, body.title]).toEqual([404, 'RUN_NOT_FOUND']);
    expect((await api.inject('/healthz')).statusCode).toBe(200);
    expect((await api.inject('/readyz')).json()).toMatchObject({ ok: true, workers: 1 });
    const { api: lonely } = await apiOver(use.harness.client, 'nobody-polls-this', access);
    const answer = await lonely.inject('/readyz');
    expect([answer.statusCode, answer.json<{ title: string }>().title]).toEqual([503, 'NO_WORKER']);
    await lonely.close();
  });
});

type Event = { id?: string; event: string; data: unknown };

/** The events of a stream until it ends, or the first `most` of them. */
async function readEvents(url: string, headers: Record<string, string>, most = Infinity): Promise<Event[]> {
  const stop = new AbortController();
  const answer = await fetch(url, { headers, signal: stop.signal });
  expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const events: Event[] = [];
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split('\n')
          .filter((line) => !line.startsWith(':'))
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      ) as { id?: string; event?: string; data?: string };
      text = text.slice(end + 2);
      if (fields.event === undefined) continue;
      const id = fields.id === undefined ? {} : { id: fields.id };
      events.push({ ...id, event: fields.event, data: JSON.parse(fields.data ?? 'null') });
    }
    if (events.length >= most) break;
  }
  stop.abort();
  return events;
}
