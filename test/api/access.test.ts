import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authenticator } from '../../src/api/access/credentials.ts';
import type { Access } from '../../src/api/index.ts';
import { decide, newToken, parseAccess } from '../../src/api/index.ts';

const file = (text: string): Access => parseAccess(text, 'access.yaml');
const problemsOf = (text: string): unknown => {
  try {
    return file(text);
  } catch (error) {
    return (error as { problems: { message: string }[] }).problems.map(({ message }) => message);
  }
};
const ann = { person: 'ann@example.com', groups: [] };

describe('grants', () => {
  const access = file(`
version: 1
groups: { sre: [ann@example.com] }
grants:
  - { to: bob@example.com, roles: [viewer], over: ['*'] }
  - { to: group:sre, roles: [operator], over: [redis.*] }
  - { to: ann@example.com, roles: [approver], over: [clickhouse.tier] }
`);

  test('only add, and what is not granted is refused', () => {
    expect(decide(access, ann, 'operate', 'redis.switchover')).toEqual({
      allowed: true,
      why: 'grants[1]: group:sre is operator over redis.*',
    });
    expect(decide(access, ann, 'see', 'redis.failover').allowed).toBe(true);
    expect(decide(access, ann, 'approve', 'redis.switchover').allowed).toBe(false);
    expect(decide(access, ann, 'approve', 'clickhouse.tier').allowed).toBe(true);
    expect(decide(access, ann, 'start', 'clickhouse.tier').allowed).toBe(false);
    expect(decide(access, { person: 'bob@example.com', groups: [] }, 'start', 'redis.switchover').allowed).toBe(false);
    expect(decide(access, { person: 'eve@example.com', groups: [] }, 'see', 'redis.switchover')).toEqual({
      allowed: false,
      why: 'no grant makes eve@example.com viewer or proposer or operator or approver over redis.switchover',
    });
  });

  test('hold for the groups that the identity provider names', () => {
    expect(decide(access, { person: 'zoe@example.com', groups: ['sre'] }, 'start', 'redis.rejoin').allowed).toBe(true);
  });

  test('are never taken for a person whose name looks like a group', () => {
    expect(decide(access, { person: 'sre', groups: [] }, 'see', 'redis.switchover').allowed).toBe(false);
  });
});

describe('an access file', () => {
  test('that is wrong names every problem and its place', () => {
    expect(
      problemsOf(`
version: 1
tokens: [{ id: a, person: ann, sha256: abc, expires: tomorrow }]
grants: [{ to: ann, roles: [king], over: [redis.swichover] }, { to: 'group:ops', roles: [viewer], over: ['*'] }]
`),
    ).toMatchObject([
      expect.stringMatching(/^tokens\.0\.sha256: /),
      expect.stringMatching(/^tokens\.0\.expires: /),
      expect.stringMatching(/^grants\.0\.roles\.0: /),
      expect.stringMatching(/^grants\.0\.over\.0: /),
    ]);
    expect(problemsOf(`{ version: 1, grants: [{ to: 'group:ops', roles: [viewer], over: ['*'] }] }`)).toEqual([
      'grants.0.to: no group is called ops',
    ]);
    expect(problemsOf('version: [')).toHaveLength(1);
  });
});

describe('a token', () => {
  const { token, sha256 } = newToken();
  const expires = '2026-06-01T00:00:00Z';
  const access = file(
    `{ version: 1, tokens: [{ id: ann-1, person: ann@example.com, sha256: ${sha256}, expires: '${expires}' }] }`,
  );
  const at = (now: string) =>
    authenticator(
      () => access,
      () => Date.parse(now),
    );

  test('says who sends, until it expires', async () => {
    const who = { person: 'ann@example.com', groups: [], by: 'ann-1' };
    expect(await at('2026-05-31T23:59:59Z')(`Bearer ${token}`)).toEqual(who);
    await expect(at(expires)(`Bearer ${token}`)).rejects.toMatchObject({ code: 'API_UNAUTHENTICATED' });
  });

  test.each([undefined, '', 'Bearer', `Basic ${token}`, 'Bearer gantry_x', `Bearer ${token}x`, 'Bearer a.b.c'])(
    'of another kind is refused: %s',
    async (header) => {
      const error: unknown = await at('2026-05-01T00:00:00Z')(header).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'API_UNAUTHENTICATED' });
      expect(String(error)).not.toContain(token);
    },
  );
});

describe('a token of the identity provider', () => {
  let jwks: string;
  let close: () => void;
  let sign: (
    claims: Record<string, unknown>,
    options?: { audience?: string; alg?: string; expires?: number },
  ) => Promise<string>;
  const now = Date.parse('2026-05-01T00:00:00Z');
  const access = (): Access =>
    file(
      `{ version: 1, oidc: { issuer: 'https://id.example.com', audience: gantry, jwks: '${jwks}', algorithms: [ES256] } }`,
    );
  const auth = (token: string) => authenticator(access, () => now)(`Bearer ${token}`);

  beforeAll(async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const key = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' };
    const server = createServer((_request, response) => response.end(JSON.stringify({ keys: [key] })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    jwks = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
    close = () => server.close();
    sign = (claims, { audience = 'gantry', expires = now / 1_000 + 60 } = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer('https://id.example.com')
        .setAudience(audience)
        .setExpirationTime(expires)
        .sign(privateKey);
  });
  afterAll(() => close());

  test('names the person and their groups', async () => {
    expect(await auth(await sign({ email: 'ann@example.com', groups: ['sre', 7] }))).toEqual({
      person: 'ann@example.com',
      groups: ['sre'],
      by: 'oidc',
    });
  });

  test('for another audience, expired, without a person or unsigned is refused', async () => {
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"email":"ann@example.com"}').toString('base64url')}.`;
    for (const token of [
      await sign({ email: 'ann@example.com' }, { audience: 'other' }),
      await sign({ email: 'ann@example.com' }, { expires: now / 1_000 - 1 }),
      await sign({ sub: 'ann' }),
      unsigned,
    ])
      await expect(auth(token)).rejects.toMatchObject({ code: 'API_UNAUTHENTICATED' });
  });
});
