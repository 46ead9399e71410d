import type { AddressInfo } from 'node:net';
import createClient from 'openapi-fetch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { components, paths } from '../../docs/reference/openapi.d.ts';
import { until } from '../../lab/clock.ts';
import type { AccessRig, Name } from '../support/access-rig.ts';
import { startAccessRig } from '../support/access-rig.ts';
import { describeWith } from '../support/lab.ts';
import { useTemporal } from '../support/temporal.ts';

type Run = components['schemas']['Run'];

// A client of nothing but the description of the API: its types are generated from the file in the docs.
await describeWith(['temporal'], 'a client that is generated from the OpenAPI file', () => {
  const server = useTemporal();
  let rig: AccessRig;
  let baseUrl: string;
  beforeAll(async () => {
    rig = await startAccessRig(server(), { policies: { default: { approval: { people: 2 } } } });
    await rig.api.listen({ port: 0, host: '127.0.0.1' });
    baseUrl = `http://127.0.0.1:${(rig.api.server.address() as AddressInfo).port}`;
  });
  afterAll(() => rig?.stop());
  const clientOf = (who: Name) =>
    createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${rig.tokens[who]}` } });
  const ask = (key: string, group: string) =>
    clientOf('ann').POST('/v1/redis/switchover', {
      params: { header: { 'idempotency-key': key } },
      body: { group, reason: 'INC-402' },
    });

  test('starts a run, follows it, has two people approve it, and reads its report', async () => {
    const { data: started } = await ask('a-generated-key', 'generated');
    const path = { workflowId: started?.workflowId ?? '' };
    const { data: stream } = await clientOf('dan').GET('/v1/runs/{workflowId}/events', {
      ...{ params: { path }, parseAs: 'stream' as const },
    });
    const told: Run[] = [];
    // The generated types know the stream's text alone.
    const followed = readStates(stream as unknown as AsyncIterable<Uint8Array>, told); // asked for as a stream of bytes
    // A stream tells how the run stands, not each state that it went through: nobody decides before this one was told.
    expect(await until(async () => told.some(({ state }) => state === 'awaiting-approval'), 60_000)).toBe(true);

    const waiting = await until(async () => {
      const { data } = await clientOf('dan').GET('/v1/runs/{workflowId}', { params: { path } });
      return data?.run.state === 'awaiting-approval' ? data.run : undefined;
    }, 30_000);
    const planHash = waiting?.plan?.hash ?? '';
    const approve = (who: Name) =>
      clientOf(who).POST('/v1/runs/{workflowId}/approve', { params: { path }, body: { planHash } });
    const own = await approve('ann');
    expect([own.response.status, own.error?.title]).toEqual([403, 'APPROVAL_OWN']);
    expect((await approve('bob')).data?.run.approval?.given).toEqual(['bob']);
    expect((await approve('cid')).response.status).toBe(200);

    await followed;
    expect(told.at(-1)?.state).toBe('done');
    const { data: read } = await clientOf('dan').GET('/v1/runs/{workflowId}/report', { params: { path } });
    expect(read?.report).toMatchObject({ outcome: 'done', requestedBy: 'ann' });
    expect(read?.report.actions.map(({ by }) => by)).toEqual(['bob', 'cid']);
  });

  test('is told of a refusal in the type of a problem', async () => {
    const { error, response } = await ask('short', 'refused');
    expect([response.status, error?.title, error?.hint !== '']).toEqual([400, 'IDEMPOTENCY_KEY_MISSING', true]);
  });
});

/** Puts the runs that a stream of events tells of into `told`, as they come, to its end. */
async function readStates(stream: AsyncIterable<Uint8Array>, told: Run[]): Promise<void> {
  let text = '';
  for await (const chunk of stream) {
    text += Buffer.from(chunk).toString();
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const all = [...whole.matchAll(/^event: state\ndata: (.*)\n/gm)];
    for (const [, data] of all.slice(told.length)) told.push((JSON.parse(data ?? '') as { run: Run }).run);
  }
}
