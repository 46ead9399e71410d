import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { LabRegistry } from '../../lab/oci/registry.ts';
import { labRegistryLogin, startRegistry } from '../../lab/oci/registry.ts';
import { freePort } from '../../lab/ports.ts';
import { jsonShapes } from '../../src/cli/json.ts';
import { gantry } from '../cli/terminal.ts';
import { describeWith } from '../support/lab.ts';
import { playedServer } from '../support/played-server.ts';
import { removeSoon } from '../support/remove-soon.ts';

const absent = `sha256:${'5d'.repeat(31)}01`;

await describeWith(['registry'], 'gantry platform pin', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
  const { user, password } = labRegistryLogin;
  let open: LabRegistry;
  let closed: LabRegistry;
  let digests: { gateway: string; builder: string };
  /** An empty folder: nobody is logged in. */
  let nobody: string;
  beforeAll(async () => {
    open = await startRegistry({ stateDir });
    closed = await startRegistry({ stateDir, access: 'password' });
    nobody = join(stateDir, 'nobody');
  });
  beforeEach(async () => {
    const [gateway, builder] = await Promise.all([
      open.push({ repository: 'gateway', tag: '1.2', platforms: ['linux/amd64', 'linux/arm64'] }),
      closed.push({ repository: 'builder', tag: '7' }),
    ]);
    digests = { gateway: gateway.digest, builder: builder.digest };
  });
  afterAll(async () => {
    await Promise.all([open.kill(), closed.kill()]);
    removeSoon(stateDir);
  });

  const withImages = (lines: readonly string[]): { path: string; text: string; now: () => string } => {
    const folder = mkdtempSync(join(tmpdir(), 'gantry-pin-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'platform.yaml');
    const text = [
      ...['# ours', 'version: 1', 'name: p', 'regions: { r: { zones: { a: { runs: [] } } } }', 'rollout:', '  images:'],
      ...lines.map((line) => `    ${line}`),
      '',
    ].join('\n');
    writeFileSync(path, text);
    return { path, text, now: () => readFileSync(path, 'utf8') };
  };
  const login = (): string => {
    const path = join(stateDir, 'config.json');
    const auth = Buffer.from(`${user}:${password}`).toString('base64');
    writeFileSync(path, JSON.stringify({ auths: { [closed.host]: { auth } } }));
    return path;
  };
  const pin = (...argv: string[]) => gantry(['platform', 'pin', ...argv], { env: { DOCKER_CONFIG: nobody } });

  test('writes the digest of each tag beside it, and nothing else; the second time there is nothing to write', async () => {
    const file = withImages([
      `gateway: ${open.host}/gateway:1.2   # what serves`,
      `builder: "${closed.host}/builder:7"`,
      `plain: ${open.host}/gateway@${digests.gateway}`,
    ]);
    const first = await pin(file.path, '--docker-config', login(), '--json');
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(file.now()).toBe(
      file.text
        .replace('gateway:1.2', `gateway:1.2@${digests.gateway}`)
        .replace('builder:7', `builder:7@${digests.builder}`),
    );
    expect(jsonShapes.pins.parse(first.json)).toEqual({
      pins: {
        ...{ path: file.path, written: true },
        images: [
          {
            ...{ name: 'gateway', image: `${open.host}/gateway:1.2@${digests.gateway}`, state: 'pinned' },
            ...{ digest: digests.gateway, platforms: ['linux/amd64', 'linux/arm64'] },
          },
          {
            ...{ name: 'builder', image: `${closed.host}/builder:7@${digests.builder}`, state: 'pinned' },
            ...{ digest: digests.builder, platforms: ['linux/amd64'] },
          },
          {
            ...{ name: 'plain', image: `${open.host}/gateway@${digests.gateway}`, state: 'untagged' },
            ...{ from: digests.gateway, digest: digests.gateway, platforms: ['linux/amd64', 'linux/arm64'] },
          },
        ],
      },
    });
    expect(await gantry(['platform', 'check', file.path])).toMatchObject({ code: 0 });

    const pinned = file.now();
    const second = await pin(file.path, '--docker-config', login(), '--check');
    expect(second).toMatchObject({ code: 0, out: expect.stringContaining('nothing to change') as unknown });
    expect(file.now()).toBe(pinned);
    expect(readdirSync(dirname(file.path))).toEqual(['platform.yaml']);
  });

  test('finds a tag that has moved: --check and --dry-run say so, the command itself writes it', async () => {
    const file = withImages([`gateway: ${open.host}/gateway:1.2@${digests.gateway}`]);
    const { digest } = await open.push({ repository: 'gateway', tag: '1.2', content: 'moved' });
    const checked = await pin(file.path, '--check');
    expect(checked).toMatchObject({ code: 1, out: expect.stringContaining(`before: ${digests.gateway}`) as unknown });
    expect(await pin(file.path, '--dry-run')).toMatchObject({
      ...{ code: 0, out: expect.stringContaining('1 of 1 images would change; nothing was written') as unknown },
    });
    expect(file.now()).toBe(file.text);
    expect(await pin(file.path)).toMatchObject({ code: 0 });
    expect(file.now()).toBe(file.text.replace(digests.gateway, digest));
  });

  test('puts the digest in the place of a placeholder', async () => {
    const file = withImages([`gateway: ${open.host}/gateway:1.2@sha256:${'0'.repeat(64)}`]);
    expect(await gantry(['platform', 'check', file.path])).toMatchObject({
      ...{ code: 1, err: expect.stringContaining('placeholder') as unknown },
    });
    expect(await pin(file.path)).toMatchObject({ code: 0 });
    expect(file.now()).toBe(file.text.replace('0'.repeat(64), digests.gateway.slice('sha256:'.length)));
  });

  test('names every image that cannot be resolved, with its place, and writes none of the others', async () => {
    await open.push({ repository: 'arm', tag: '1', platforms: ['linux/arm64'] });
    const gone = await freePort();
    const file = withImages([
      `gateway: ${open.host}/gateway:1.2`,
      `missing: ${open.host}/gateway:9.9`,
      `invented: ${open.host}/gateway@${absent}`,
      `builder: ${closed.host}/builder:7`,
      `away: 127.0.0.1:${gone}/x:1`,
      `arm: ${open.host}/arm:1`,
    ]);
    const { code, json } = await pin(file.path, '--json');
    expect(code).toBe(1);
    const { error } = jsonShapes.error.parse(json);
    const at = (needle: string): string => {
      const before = file.text.slice(0, file.text.indexOf(needle));
      return `${file.path}:${before.split('\n').length}:${before.length - before.lastIndexOf('\n')}`;
    };
    expect(error.problems.map((one) => [one.code, one.place])).toEqual([
      ['IMAGE_UNKNOWN', at(`${open.host}/gateway:9.9`)],
      ['IMAGE_UNKNOWN', at(`${open.host}/gateway@`)],
      ['IMAGE_UNAUTHORIZED', at(`${closed.host}/builder:7`)],
      ['IMAGE_REGISTRY_AWAY', at(`127.0.0.1:${gone}/x:1`)],
      ['IMAGE_PLATFORM_MISSING', at(`${open.host}/arm:1`)],
    ]);
    expect(file.now()).toBe(file.text);
  });

  test('asks no registry while the file has other problems, and tells them all', async () => {
    const file = withImages([`gateway: ${open.host}/gateway:1.2`, 'untagged: gateway', 'other: 5']);
    const { code, err } = await pin(file.path);
    expect([code, err.match(/rollout\.images\.\w+/g)]).toEqual([
      1,
      ['rollout.images.untagged', 'rollout.images.other'],
    ]);
    expect(file.now()).toBe(file.text);
  });

  test('overwrites nothing that was edited meanwhile', async () => {
    const host = await playedServer((request, response) => {
      writeFileSync(file.path, `${file.text}# edited\n`);
      const headers = { accept: request.headers.accept ?? '*/*' };
      void fetch(`http://${open.host}${request.url ?? ''}`, { headers }).then(async (answer) => {
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
        response.end(await answer.text());
      });
    });
    const file = withImages([`gateway: ${host}/gateway:1.2`]);
    expect(await pin(file.path)).toMatchObject({
      code: 1,
      err: expect.stringContaining('PLATFORM_FILE_CHANGED') as unknown,
    });
    expect(file.now()).toBe(`${file.text}# edited\n`);
  });

  test('has nothing to do where no image is named', async () => {
    const file = withImages([]);
    writeFileSync(file.path, file.text.replace('  images:\n', '  images: {}\n'));
    expect(await pin(file.path)).toMatchObject({ code: 0, out: expect.stringContaining('is empty') as unknown });
  });
});
