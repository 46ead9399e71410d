import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { LabRegistry } from '../../../lab/oci/registry.ts';
import { labRegistryLogin, startRegistry } from '../../../lab/oci/registry.ts';
import type { LabTokens } from '../../../lab/oci/tokens.ts';
import { labIdentity, startTokens } from '../../../lab/oci/tokens.ts';
import { freePort } from '../../../lab/ports.ts';
import { challengeOf } from '../../../src/drivers/oci/authorize.ts';
import type { FoundImage } from '../../../src/drivers/oci/index.ts';
import { dockerLogins, imageRegistries } from '../../../src/drivers/oci/index.ts';
import { placeOf } from '../../../src/drivers/oci/place.ts';
import { describeWith, labFolder } from '../../support/lab.ts';
import { playedServer } from '../../support/played-server.ts';
import { removeSoon } from '../../support/remove-soon.ts';

const { user, password } = labRegistryLogin;

/** A Docker configuration of the test's own. */
function configFile(content: unknown): string {
  const path = join(labFolder(), 'config.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function loggedIn(
  host: string,
  login: object = { auth: Buffer.from(`${user}:${password}`).toString('base64') },
): string {
  return configFile({ auths: { [host]: login } });
}

/** Looks one image up as the command does; without a configuration nobody is logged in. */
function find(image: string, path?: string, timeoutMs?: number): Promise<FoundImage> {
  const [, name = '', reference = ''] = /^(.+?)[:@]((?:sha256:)?[^:/]+)$/.exec(image) ?? [];
  const logins = dockerLogins(path === undefined ? { path: '/nowhere', named: false } : { path, named: true });
  const more = timeoutMs === undefined ? {} : { timeoutMs };
  return imageRegistries({ logins, platform: 'linux/amd64', ...more }).find({ name, reference });
}

await describeWith(['registry'], 'a registry of images', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
  let open: LabRegistry;
  let closed: LabRegistry;
  let byToken: LabRegistry;
  let tokens: LabTokens;
  beforeAll(async () => {
    tokens = await startTokens({ stateDir, login: labRegistryLogin });
    open = await startRegistry({ stateDir });
    closed = await startRegistry({ stateDir, access: 'password' });
    byToken = await startRegistry({ stateDir, access: tokens });
  });
  afterAll(async () => {
    await Promise.all([open, closed, byToken].map((one) => one.kill()));
    await tokens.stop();
    removeSoon(stateDir);
  });

  test('has the digest of an image by its tag, and by its digest', async () => {
    const { digest } = await open.push({ repository: 'unkey/gatewayd', tag: '1.2' });
    const found = { digest, platforms: ['linux/amd64'] };
    expect(await find(`${open.host}/unkey/gatewayd:1.2`)).toEqual(found);
    expect(await find(`${open.host}/unkey/gatewayd@${digest}`)).toEqual(found);
  });

  test.each([false, true])(
    'has the digest of the index of a multi-platform image (Docker’s types: %s)',
    async (docker) => {
      const platforms = ['linux/arm64', 'linux/amd64'];
      const { digest } = await open.push({ repository: 'many', tag: `t-${docker}`, platforms, docker });
      expect(await find(`${open.host}/many:t-${docker}`)).toEqual({ digest, platforms });
    },
  );

  test('has none for the hosts where none was built for them, by itself or in an index', async () => {
    await open.push({ repository: 'arm', tag: 'one', platforms: ['linux/arm64'] });
    await open.push({ repository: 'arm', tag: 'two', platforms: ['linux/arm64', 'windows/amd64'] });
    for (const [tag, has] of Object.entries({ one: 'linux/arm64', two: 'linux/arm64, windows/amd64' }))
      await expect(find(`${open.host}/arm:${tag}`)).rejects.toMatchObject({
        ...{
          code: 'IMAGE_PLATFORM_MISSING',
          message: expect.stringContaining(`linux/amd64; it has ${has}`) as unknown,
        },
      });
  });

  test('knows no other repository, tag or digest', async () => {
    await open.push({ repository: 'known', tag: '1' });
    for (const image of ['unknown:1', 'known:2', `known@sha256:${'5d'.repeat(32)}`])
      await expect(find(`${open.host}/${image}`)).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
  });

  test('asks for a password, and takes the one that the Docker configuration has', async () => {
    const { digest } = await closed.push({ repository: 'private', tag: '1' });
    const image = `${closed.host}/private:1`;
    expect(await find(image, loggedIn(closed.host))).toMatchObject({ digest });
    expect(await find(image, loggedIn(`https://${closed.host}/v1/`, { username: user, password }))).toMatchObject({
      digest,
    });
    await expect(find(image)).rejects.toMatchObject({
      ...{ code: 'IMAGE_UNAUTHORIZED', message: expect.stringContaining('no login') as unknown },
    });
    const wrong = Buffer.from(`${user}:wrong-secret`).toString('base64');
    await expect(find(image, loggedIn(closed.host, { auth: wrong }))).rejects.toMatchObject({
      ...{ code: 'IMAGE_UNAUTHORIZED', message: expect.not.stringContaining('wrong-secret') as unknown },
    });
    await expect(find(image, loggedIn(closed.host, { identitytoken: labIdentity }))).rejects.toMatchObject({
      code: 'IMAGE_UNAUTHORIZED',
    });
  });

  describe('that sends its clients to a token server', () => {
    const image = (): string => `${byToken.host}/guarded/one:1`;
    const last = () => tokens.requests.at(-1);
    let digest: string;
    beforeAll(async () => void ({ digest } = await byToken.push({ repository: 'guarded/one', tag: '1' })));

    test('takes the token that a password gets', async () => {
      expect(await find(image(), loggedIn(byToken.host))).toMatchObject({ digest });
      expect(last()).toEqual({ method: 'GET', user, scope: 'repository:guarded/one:pull' });
    });

    test('takes the token that an identity token gets', async () => {
      expect(await find(image(), loggedIn(byToken.host, { identitytoken: labIdentity }))).toMatchObject({ digest });
      expect(last()).toMatchObject({ method: 'POST', identity: labIdentity, scope: 'repository:guarded/one:pull' });
    });

    test('refuses who has no login, and who has a wrong one', async () => {
      await expect(find(image())).rejects.toMatchObject({ code: 'IMAGE_UNAUTHORIZED' });
      const wrong = Buffer.from(`${user}:wrong`).toString('base64');
      await expect(find(image(), loggedIn(byToken.host, { auth: wrong }))).rejects.toMatchObject({
        ...{ code: 'IMAGE_UNAUTHORIZED', message: expect.stringContaining('refuses the login') as unknown },
      });
    });

    test('takes the login that a credential helper has', async () => {
      const bin = join(labFolder(), 'bin');
      mkdirSync(bin);
      const helper = join(bin, 'docker-credential-lab');
      const answers = `#!/bin/sh
read host
case "$1 $host" in
  "get ${byToken.host}") echo '{"ServerURL":"x","Username":"<token>","Secret":"${labIdentity}"}' ;;
  "get ${closed.host}") echo 'it does not work: its-secret'; exit 3 ;;
  *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
`;
      writeFileSync(helper, answers);
      chmodSync(helper, 0o755);
      vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH'] ?? ''}`);
      onTestFinished(() => void vi.unstubAllEnvs());
      expect(await find(image(), configFile({ credsStore: 'lab' }))).toMatchObject({ digest });
      expect(await find(image(), configFile({ credHelpers: { [byToken.host]: 'lab' } }))).toMatchObject({ digest });
      await expect(find(`${closed.host}/private:1`, configFile({ credsStore: 'lab' }))).rejects.toMatchObject({
        ...{ code: 'DOCKER_CONFIG_INVALID', message: expect.not.stringContaining('its-secret') as unknown },
      });
      // It has no login of this one, and this one wants none.
      await open.push({ repository: 'helped', tag: '1' });
      expect((await find(`${open.host}/helped:1`, configFile({ credsStore: 'lab' }))).platforms).toEqual([
        'linux/amd64',
      ]);
      await expect(find(image(), configFile({ credsStore: 'other' }))).rejects.toMatchObject({
        code: 'DOCKER_CONFIG_INVALID',
      });
      await expect(find(image(), configFile({ credsStore: '../x' }))).rejects.toMatchObject({
        code: 'DOCKER_CONFIG_INVALID',
      });
    });
  });

  test('that is away, or falls silent, is told as that; once it is back it answers', async () => {
    const { digest } = await open.push({ repository: 'back', tag: '1' });
    open.freeze();
    await expect(find(`${open.host}/back:1`, undefined, 300)).rejects.toMatchObject({
      ...{ code: 'IMAGE_REGISTRY_AWAY', message: expect.stringContaining('no answer in time') as unknown },
    });
    open.thaw();
    expect(await find(`${open.host}/back:1`)).toMatchObject({ digest });
    await expect(find(`127.0.0.1:${await freePort()}/back:1`)).rejects.toMatchObject({
      ...{ code: 'IMAGE_REGISTRY_AWAY', message: expect.stringContaining('ECONNREFUSED') as unknown },
    });
  });

  test('whose answer was changed on the way is believed in nothing', async () => {
    const { digest } = await open.push({ repository: 'changed', tag: '1' });
    const spoil = { manifest: false, config: false, header: true };
    const host = await playedServer((request, response) => {
      void fetch(`http://${open.host}${request.url ?? ''}`, {
        headers: { accept: request.headers.accept ?? '*/*' },
      }).then(async (answer) => {
        const text = await answer.text();
        const isConfig = request.url?.includes('/blobs/') ?? false;
        const headers = Object.fromEntries(
          [...answer.headers].filter(
            ([key]) => key === 'content-type' || (spoil.header && key === 'docker-content-digest'),
          ),
        );
        const changed = isConfig ? spoil.config : spoil.manifest;
        // One space more is still the same JSON.
        response.writeHead(answer.status, headers).end(changed ? `${text} ` : text);
      });
    });
    expect(await find(`${host}/changed:1`)).toMatchObject({ digest });
    spoil.config = true;
    await expect(find(`${host}/changed:1`)).rejects.toMatchObject({ code: 'IMAGE_DIGEST_DIFFERS' });
    Object.assign(spoil, { config: false, manifest: true });
    await expect(find(`${host}/changed:1`)).rejects.toMatchObject({ code: 'IMAGE_DIGEST_DIFFERS' });
    spoil.header = false;
    await expect(find(`${host}/changed@${digest}`)).rejects.toMatchObject({ code: 'IMAGE_DIGEST_DIFFERS' });
  });
});

describe('what is no registry', () => {
  const manifest = { schemaVersion: 2, config: { digest: `sha256:${'5d'.repeat(32)}` }, layers: [] };

  test.each([
    ['a page', 200, 'text/html', '<html>'],
    ['schema 1', 200, 'application/vnd.docker.distribution.manifest.v1+prettyjws', '{}'],
    ['an index without manifests', 200, 'application/vnd.oci.image.index.v1+json', '{"manifests":1}'],
    ['a status of its own', 418, 'text/plain', ''],
    ['too much', 200, 'application/vnd.oci.image.index.v1+json', ' '.repeat(4 * 2 ** 20 + 1)],
  ])('answers %s, and is refused', async (_what, status, type, body) => {
    const host = await playedServer((_request, response) =>
      response.writeHead(status, { 'content-type': type }).end(body),
    );
    await expect(find(`${host}/a:1`)).rejects.toMatchObject({ code: 'IMAGE_ANSWER_INVALID' });
  });

  test('is not known to have an image whose configuration it lacks', async () => {
    const type = 'application/vnd.oci.image.manifest.v1+json';
    const host = await playedServer((request, response) =>
      request.url?.includes('/blobs/')
        ? response.writeHead(404).end()
        : response.writeHead(200, { 'content-type': type }).end(JSON.stringify(manifest)),
    );
    await expect(find(`${host}/a:1`)).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
  });

  test.each([429, 500, 503])('answers %i, and is away', async (status) => {
    const host = await playedServer((_request, response) => response.writeHead(status).end());
    await expect(find(`${host}/a:1`)).rejects.toMatchObject({ code: 'IMAGE_REGISTRY_AWAY' });
  });

  test('gets no login for a token server without TLS that is not on this machine', async () => {
    const challenge = 'Bearer realm="http://tokens.example/token",service="x"';
    const host = await playedServer((_request, response) =>
      response.writeHead(401, { 'www-authenticate': challenge }).end(),
    );
    await expect(find(`${host}/a:1`, loggedIn(host))).rejects.toMatchObject({
      ...{ code: 'IMAGE_UNAUTHORIZED', message: expect.stringContaining('without TLS') as unknown },
    });
  });

  test('is followed to another place, which does not get the login', async () => {
    const seen: (string | undefined)[] = [];
    const body = JSON.stringify({ manifests: [{ platform: { os: 'linux', architecture: 'amd64' } }] });
    const type = { 'content-type': 'application/vnd.oci.image.index.v1+json' };
    const store = await playedServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(200, type).end(body);
    });
    const host = await playedServer((request, response) =>
      request.headers.authorization === undefined
        ? response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
        : response.writeHead(307, { location: `http://${store}/elsewhere` }).end(),
    );
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
    expect(await find(`${host}/a:1`, loggedIn(host))).toEqual({ digest, platforms: ['linux/amd64'] });
    expect(seen).toEqual([undefined]);
  });
});

describe('a Docker configuration', () => {
  const logins = (content: unknown) => dockerLogins({ path: configFile(content), named: true });

  test('that the operator named must be there; the usual one need not be', async () => {
    await expect(dockerLogins({ path: '/nowhere', named: true })('a')).rejects.toMatchObject({
      code: 'DOCKER_CONFIG_INVALID',
    });
    expect(await dockerLogins({ path: '/nowhere', named: false })('a')).toBeUndefined();
  });

  test.each(['{"auths": "top-secret"}', 'top-secret', '{"auths":{"a":{"auth":"dG9wLXNlY3JldA=="}}}'])(
    'that is none is refused, and nothing of it is told: %s',
    async (text) => {
      await expect(logins(text)('a')).rejects.toMatchObject({
        ...{ code: 'DOCKER_CONFIG_INVALID', message: expect.not.stringContaining('top-secret') as unknown },
      });
    },
  );

  test('has the login of Docker Hub under its old name, and of nobody else', async () => {
    const auth = Buffer.from('ann:a:b').toString('base64');
    const read = logins({ auths: { 'https://index.docker.io/v1/': { auth }, empty: {} } });
    expect(await read(placeOf('unkey/gatewayd').host)).toEqual({ user: 'ann', password: 'a:b' });
    expect(await read('registry.example')).toBeUndefined();
    expect(await read('empty')).toBeUndefined();
  });
});

describe('where a repository is', () => {
  test.each([
    ['redis', 'https://registry-1.docker.io', 'library/redis'],
    ['docker.io/unkey/gatewayd', 'https://registry-1.docker.io', 'unkey/gatewayd'],
    ['registry.example/a/b', 'https://registry.example', 'a/b'],
    ['localhost.example:5000/a', 'https://localhost.example:5000', 'a'],
    ['127.0.0.1.example/a', 'https://127.0.0.1.example', 'a'],
    ['localhost:5000/a', 'http://localhost:5000', 'a'],
    ['127.0.0.1:5000/a/b', 'http://127.0.0.1:5000', 'a/b'],
  ])('%s is at %s as %s', (name, origin, repository) => {
    expect(placeOf(name)).toMatchObject({ origin, repository });
  });
});

describe('what a registry asks for', () => {
  const bearer = { scheme: 'bearer', realm: 'https://t.example/token', service: 's', scope: 'repository:a:pull,push' };
  test.each([
    ['Bearer realm="https://t.example/token",service="s",scope="repository:a:pull,push"', bearer],
    ['bearer service=s, realm="https://t.example/token", scope="repository:a:pull,push"', bearer],
    ['Basic realm="x", Bearer realm="https://t.example/token",service="s",scope="repository:a:pull,push"', bearer],
    ['Basic realm="Registry"', { scheme: 'basic' }],
    ['Negotiate', undefined],
    [null, undefined],
  ])('is read from %s', (header, meant) => expect(challengeOf(header)).toEqual(meant));
});
