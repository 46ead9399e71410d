import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Client } from '@temporalio/client';
import type { InjectOptions } from 'fastify';
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript';
import type { OpenAPI3 } from 'openapi-typescript';
import { beforeAll, describe, expect, test } from 'vitest';
import { openapiText } from '../../src/api/publish.ts';
import type { Api } from '../../src/api/index.ts';
import { parseAccess } from '../../src/api/index.ts';
import { entries } from '../../src/registry/index.ts';
import { domainOf, startedBy, verbOf } from '../../src/runs/index.ts';
import { apiOver, people } from './support.ts';

/** Whoever is refused must be refused before Temporal is asked anything. */
const untouchable = new Proxy({} as Client, {
  get: (_target, name) => {
    throw new Error(`Temporal was asked: ${String(name)}`);
  },
});

type Operation = { method: 'GET' | 'POST'; url: string; open: boolean };

function operationsOf(api: Api): Operation[] {
  const { paths } = api.swagger() as { paths: Record<string, Record<string, { security?: unknown[] }>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      method: method.toUpperCase() as 'GET' | 'POST',
      url: path.replace('{workflowId}', 'redis%2Fsessions'),
      open: security?.length === 0,
    })),
  );
}

describe('the API', () => {
  const { access, as } = people();
  let api: Api;
  let log: string[];
  let operations: Operation[];
  beforeAll(async () => {
    ({ api, log } = await apiOver(untouchable, 'gantry', access));
    operations = operationsOf(api);
  });

  test('has a path for every kind that people start, and none for a part of another run', () => {
    const starts = operations.filter(({ url }) => /^\/v1\/(redis|clickhouse|host|archive|region)\//.test(url));
    const wanted = Object.values(entries)
      .filter(({ kind }) => startedBy(kind) === undefined)
      .map(({ kind }) => `/v1/${domainOf(kind)}/${verbOf(kind)}`);
    expect(starts.map(({ url }) => url).sort()).toEqual(wanted.sort());
  });

  test('refuses every path without a token, and says so as a problem', async () => {
    const asked = operations.filter(({ open }) => !open);
    expect(asked.length).toBeGreaterThan(15);
    for (const { method, url } of asked) {
      const answer = await api.inject({ method, url, ...(method === 'POST' ? { payload: {} } : {}) });
      expect([url, answer.statusCode]).toEqual([url, 401]);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(answer.json()).toMatchObject({
        title: 'API_UNAUTHENTICATED',
        hint: expect.stringContaining('Bearer') as string,
      });
    }
  });

  test('refuses every path to a person to whom nothing is granted, before it asks Temporal', async () => {
    for (const { method, url } of operations.filter(({ open }) => !open)) {
      const answer = await api.inject({
        ...{ method, url, headers: { authorization: `Bearer ${as.nobody.token}`, 'idempotency-key': 'a-key-of-mine' } },
        ...(method === 'POST' ? { payload: payloadOf(url) } : {}),
      });
      expect([url, answer.statusCode, answer.json<{ title: string }>().title]).toEqual([url, 403, 'API_FORBIDDEN']);
    }
  });

  test('lets a viewer and an approver start nothing', async () => {
    for (const person of [as.viewer, as.approver]) {
      const answer = await api.inject({
        method: 'POST',
        url: '/v1/redis/switchover',
        headers: { authorization: `Bearer ${person.token}`, 'idempotency-key': 'a-key-of-mine' },
        payload: { group: 'sessions' },
      });
      expect(answer.statusCode).toBe(403);
    }
  });

  test.each([
    ['a path that is not there', { method: 'GET', url: '/v1/nothing' }, 404, 'API_NO_ROUTE'],
    ['a method that is not there', { method: 'DELETE', url: '/v1/runs' }, 404, 'API_NO_ROUTE'],
    [
      'bad JSON',
      {
        method: 'POST',
        url: '/v1/redis/switchover',
        payload: '{"group":',
        headers: { 'content-type': 'application/json' },
      },
      400,
      'API_BAD_REQUEST',
    ],
    [
      'a poisoned prototype',
      {
        method: 'POST',
        url: '/v1/redis/switchover',
        payload: '{"__proto__":{"a":1}}',
        headers: { 'content-type': 'application/json' },
      },
      400,
      'API_BAD_REQUEST',
    ],
    [
      'another media type',
      {
        method: 'POST',
        url: '/v1/redis/switchover',
        payload: 'group=sessions',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
      415,
      'API_UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'a body that is too large',
      { method: 'POST', url: '/v1/redis/switchover', payload: { group: 'x'.repeat(70_000) } },
      413,
      'API_BODY_TOO_LARGE',
    ],
    [
      'no key',
      { method: 'POST', url: '/v1/redis/switchover', payload: { group: 'sessions' } },
      400,
      'IDEMPOTENCY_KEY_MISSING',
    ],
    [
      'a requester of one’s own',
      {
        method: 'POST',
        url: '/v1/redis/switchover',
        payload: { group: 'sessions', requestedBy: 'root' },
        headers: { 'idempotency-key': 'a-key-of-mine' },
      },
      422,
      'INVALID_INPUT',
    ],
    [
      'an unknown field',
      {
        method: 'POST',
        url: '/v1/redis/switchover',
        payload: { group: 'sessions', grp: 1 },
        headers: { 'idempotency-key': 'a-key-of-mine' },
      },
      422,
      'INVALID_INPUT',
    ],
    [
      'a list as the input',
      { method: 'POST', url: '/v1/redis/switchover', payload: [1], headers: { 'idempotency-key': 'a-key-of-mine' } },
      422,
      'INVALID_INPUT',
    ],
    ['an id that is too long', { method: 'GET', url: `/v1/runs/${'x'.repeat(1_001)}` }, 400, 'API_BAD_REQUEST'],
    ['a path that is none', { method: 'GET', url: '/v1/runs/%zz' }, 400, 'API_BAD_REQUEST'],
    ['a query that is wrong', { method: 'GET', url: '/v1/runs?limit=0' }, 400, 'API_BAD_REQUEST'],
    ['a cursor of one’s own', { method: 'GET', url: '/v1/runs?cursor=zzz' }, 400, 'API_BAD_REQUEST'],
  ] satisfies [string, InjectOptions, number, string][])(
    'answers %s with a problem',
    async (_what, request, status, code) => {
      const headers = 'headers' in request ? request.headers : {};
      const answer = await api.inject({
        ...request,
        headers: { authorization: `Bearer ${as.operator.token}`, ...headers },
      });
      const problem = answer.json<{ title: string; requestId: string; hint: string }>();
      expect([answer.statusCode, problem.title]).toEqual([status, code]);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(problem.requestId).toBe(answer.headers['x-request-id']);
      expect(problem.hint).not.toBe('');
    },
  );

  test('answers bytes that are no request with a problem', async () => {
    const { api: listening } = await apiOver(untouchable, 'gantry', access);
    await listening.listen({ port: 0, host: '127.0.0.1' });
    const socket = connect((listening.server.address() as AddressInfo).port, '127.0.0.1');
    socket.end('GET /v1/kinds of all\r\n\r\n');
    const [head, body] = (await text(socket)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 [^]*content-type: application\/problem\+json/);
    expect(JSON.parse(body ?? '')).toMatchObject({ title: 'API_BAD_REQUEST', status: 400 });
    await listening.close();
  });

  test('never logs a token', () => {
    const all = log.join('');
    expect(log.length).toBeGreaterThan(10);
    for (const { token } of Object.values(as)) expect(all).not.toContain(token);
  });

  test('takes so many requests of one person in a minute, and says when to come again', async () => {
    const { api: narrow } = await apiOver(untouchable, 'gantry', access, { perMinute: 3 });
    const ask = (token: string) =>
      narrow.inject({ method: 'GET', url: '/v1/kinds', headers: { authorization: `Bearer ${token}` } });
    for (let count = 0; count < 3; count += 1) expect((await ask(as.viewer.token)).statusCode).toBe(200);
    const refused = await ask(as.viewer.token);
    expect([refused.statusCode, refused.json<{ title: string }>().title]).toEqual([429, 'API_TOO_MANY_REQUESTS']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await ask(as.operator.token)).statusCode).toBe(200);
  });

  test('refuses everybody while its access file is wrong, and tells a stranger nothing of the file', async () => {
    const broken = () =>
      parseAccess(
        '{ version: 1, tokens: [{ id: ann, person: ann, sha256: short, expires: never }] }',
        '/etc/gantry/access.yaml',
      );
    const { api: closed, log: told } = await apiOver(untouchable, 'gantry', broken);
    for (const { method, url, open } of operations) {
      const headers = { authorization: `Bearer ${as.operator.token}`, 'idempotency-key': 'a-key-of-mine' };
      const answer = await closed.inject({
        method,
        url,
        headers,
        ...(method === 'POST' ? { payload: payloadOf(url) } : {}),
      });
      if (url === '/healthz') continue;
      expect([url, answer.statusCode]).toEqual([url, 503]);
      expect(answer.body).not.toMatch(/access\.yaml|sha256|tokens/);
      expect(answer.json<{ title: string }>().title).toBe(open ? 'NO_WORKER' : 'ACCESS_INVALID');
    }
    expect(told.join('')).toContain('tokens.0.sha256');
  });

  test('tells each person what they may do', async () => {
    const answer = await api.inject({
      method: 'GET',
      url: '/v1/kinds',
      headers: { authorization: `Bearer ${as.operator.token}` },
    });
    const { kinds } = answer.json<{ kinds: { kind: string; may: string[]; path?: string }[] }>();
    expect(kinds.map(({ kind }) => kind).sort()).toEqual(Object.keys(entries).sort());
    expect(kinds.find(({ kind }) => kind === 'redis.switchover')).toMatchObject({
      path: '/v1/redis/switchover',
      may: ['see', 'start', 'operate'],
    });
  });

  test('is described by the file in the docs, as `npm run openapi` writes it', async () => {
    const page = readFileSync(new URL('../../docs/reference/openapi.json', import.meta.url), 'utf8');
    expect(await openapiText()).toBe(page);
    const types = readFileSync(new URL('../../docs/reference/openapi.d.ts', import.meta.url), 'utf8');
    expect(types).toBe(COMMENT_HEADER + astToString(await openapiTS(JSON.parse(page) as OpenAPI3)));
  });
});

function payloadOf(url: string): object {
  if (url.endsWith('/approve')) return { planHash: 'abc' };
  return url.endsWith('/resolve') ? { action: 'retry', park: '1' } : {};
}
