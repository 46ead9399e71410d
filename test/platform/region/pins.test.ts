import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GantryError } from '../../../src/errors/index.ts';
import {
  imageByDigest,
  imageText,
  listedImages,
  parseImage,
  parsePlatform,
  replacePlatform,
  withImages,
} from '../../../src/platform/index.ts';
import { isPlaceholderDigest } from '../../../src/platform/region/image.ts';

const one = `sha256:${'5d'.repeat(31)}01`;
const two = `sha256:${'5d'.repeat(31)}02`;

const yaml = `# the platform
version: 1
name: p      # spaces before a comment stay
regions: {us-east-1: {zones: {a: {runs: []}}}}
rollout:
  images:
    gateway: registry.example/gateway:1.2   # by its tag
    'quoted': 'registry.example/quoted:1@${one}'
    "double": "registry.example/double:1@${one}"
    plain: registry.example/plain@${one}
`;

function problemsOf(read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof GantryError) return error.problems.map(({ place, message }) => `${place ?? ''} ${message}`);
    throw error;
  }
}

function withImage(image: string): string {
  return yaml.replace('registry.example/gateway:1.2', image);
}

describe('the reference of an image', () => {
  it.each([
    ['gateway', { name: 'gateway' }],
    ['unkey/gateway:latest', { name: 'unkey/gateway', tag: 'latest' }],
    ['registry.example:5000/a/b_c:1.2-x', { name: 'registry.example:5000/a/b_c', tag: '1.2-x' }],
    [`localhost:5000/a@${one}`, { name: 'localhost:5000/a', digest: one }],
    [`registry.example/a:1@${one}`, { name: 'registry.example/a', tag: '1', digest: one }],
  ])('%s is read, and written as it was', (text, meant) => {
    expect(parseImage(text)).toEqual(meant);
    expect(imageText(meant)).toBe(text);
  });

  it.each([
    '',
    'Gateway:1',
    'a b:1',
    'https://registry.example/a:1',
    'a:1@sha256:12',
    'a:',
    '/a',
    'a//b',
    'a@',
    `a@${one}0`,
  ])('%j names none', (text) => expect(parseImage(text)).toBeUndefined());

  it('reaches a cluster without its tag', () => {
    expect(imageByDigest(`registry.example:5000/a:1@${one}`)).toBe(`registry.example:5000/a@${one}`);
    expect(imageByDigest(`registry.example:5000/a@${one}`)).toBe(`registry.example:5000/a@${one}`);
  });

  it.each(['0'.repeat(64), 'f'.repeat(64), 'deadbeef'.repeat(8), '0123456789abcdef'.repeat(4)])(
    'is refused with the placeholder %s',
    (digest) => {
      expect(isPlaceholderDigest(`sha256:${digest}`)).toBe(true);
      const [problem, ...others] = problemsOf(() => parsePlatform(withImage(`a@sha256:${digest}`), 'p.yaml'));
      expect([problem, others]).toEqual([expect.stringMatching(/^p\.yaml:7:14 .*placeholder/), []]);
    },
  );

  it('is refused with the digest of nothing, and taken with that of something', () => {
    expect(isPlaceholderDigest('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')).toBe(true);
    expect(isPlaceholderDigest(one)).toBe(false);
    expect(problemsOf(() => parsePlatform(withImage(`a:1@${one}`), 'p.yaml'))).toEqual([]);
  });
});

describe('the images of a file', () => {
  it('are listed with their places, a tag without a digest or beside a placeholder included', () => {
    expect(listedImages(yaml, 'p.yaml').map(({ key, text, place }) => [key, text, place])).toEqual([
      ['gateway', 'registry.example/gateway:1.2', 'p.yaml:7:14'],
      ['quoted', `registry.example/quoted:1@${one}`, 'p.yaml:8:15'],
      ['double', `registry.example/double:1@${one}`, 'p.yaml:9:15'],
      ['plain', `registry.example/plain@${one}`, 'p.yaml:10:12'],
    ]);
    expect(listedImages(withImage(`a:1@sha256:${'0'.repeat(64)}`), 'p.yaml')).toHaveLength(4);
  });

  it('are refused with every other problem of the file, each with its place', () => {
    const text = withImage('gateway').replace('name: p ', 'nam: p ').replace(`plain@${one}`, 'plain');
    expect(problemsOf(() => listedImages(text, 'p.yaml'))).toEqual([
      expect.stringContaining('p.yaml:2:1 platform: name is missing'),
      expect.stringContaining('p.yaml:3:1 platform: unknown key nam'),
      expect.stringMatching(/^p\.yaml:7:14 .*pinned by its digest/),
      expect.stringMatching(/^p\.yaml:10:12 .*pinned by its digest/),
    ]);
  });

  it('are refused where one is an alias, or a block', () => {
    const alias = yaml.replace('gateway: ', 'gateway: &g ').replace(`registry.example/plain@${one}`, '*g');
    expect(problemsOf(() => listedImages(alias, 'p.yaml'))).toEqual([
      'p.yaml:10:12 rollout.images.plain: write the image itself, on one line',
    ]);
    const block = yaml.replace(`registry.example/plain@${one}`, `>-\n      registry.example/plain@${one}`);
    expect(problemsOf(() => listedImages(block, 'p.yaml'))).toEqual([
      expect.stringContaining('write the image itself, on one line'),
    ]);
  });

  it('are changed, and no other character: comments, spaces and quotes stay', () => {
    const after = withImages(yaml, 'p.yaml', {
      gateway: `registry.example/gateway:1.2@${one}`,
      quoted: `registry.example/quoted:1@${two}`,
      double: `registry.example/double:1@${two}`,
    });
    expect(after).toBe(
      yaml
        .replace('gateway:1.2 ', `gateway:1.2@${one} `)
        .replace(`quoted:1@${one}`, `quoted:1@${two}`)
        .replace(`double:1@${one}`, `double:1@${two}`),
    );
  });

  it('are changed in JSON, in a flow map, and with Windows line ends', () => {
    const content = { version: 1, name: 'p', regions: {}, rollout: { images: { a: 'r.example/a:1' } } };
    const json = JSON.stringify({ ...content, regions: { r: { zones: { a: { runs: [] } } } } }, null, '\t');
    const flow = yaml.replace(/images:\n[^]*$/, 'images: {a: r.example/a:1, b: "r.example/b:2"} # both\n');
    const windows = yaml.replaceAll('\n', '\r\n');
    expect(withImages(json, 'p', { a: `r.example/a:1@${one}` })).toBe(json.replace('a:1', `a:1@${one}`));
    expect(withImages(flow, 'p', { a: `r.example/a:1@${one}`, b: `r.example/b:2@${two}` })).toBe(
      flow.replace('a:1', `a:1@${one}`).replace('b:2', `b:2@${two}`),
    );
    expect(withImages(windows, 'p', { gateway: `registry.example/gateway:1.2@${one}` })).toBe(
      windows.replace('gateway:1.2', `gateway:1.2@${one}`),
    );
  });

  it('are not changed where something else would change with one', () => {
    const shared = `${yaml.replace('gateway: ', 'gateway: &g ')}  components: { other: { layer: app, external: *g } }\n`;
    expect(problemsOf(() => parsePlatform(shared.replace('gateway:1.2', `gateway:1.2@${one}`), 'p'))).toEqual([]);
    expect(problemsOf(() => withImages(shared, 'p', { gateway: `registry.example/gateway:1.2@${one}` }))).toEqual([
      expect.stringContaining('without changing something else'),
    ]);
  });
});

describe('a platform file is replaced', () => {
  const file = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'gantry-pins-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'real.yaml'), yaml);
    chmodSync(join(folder, 'real.yaml'), 0o640);
    symlinkSync('real.yaml', join(folder, 'platform.yaml'));
    return folder;
  };

  it('behind its link, with its permissions', async () => {
    const folder = file();
    await replacePlatform(join(folder, 'platform.yaml'), { before: yaml, after: 'new' });
    expect(readFileSync(join(folder, 'real.yaml'), 'utf8')).toBe('new');
    expect(lstatSync(join(folder, 'platform.yaml')).isSymbolicLink()).toBe(true);
    expect(statSync(join(folder, 'real.yaml')).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder).sort()).toEqual(['platform.yaml', 'real.yaml']);
  });

  it('not at all, once another program has changed it', async () => {
    const folder = file();
    const path = join(folder, 'platform.yaml');
    writeFileSync(path, `${yaml}# edited\n`);
    await expect(replacePlatform(path, { before: yaml, after: 'new' })).rejects.toMatchObject({
      code: 'PLATFORM_FILE_CHANGED',
    });
    expect(readFileSync(path, 'utf8')).toBe(`${yaml}# edited\n`);
    expect(readdirSync(folder).sort()).toEqual(['platform.yaml', 'real.yaml']);
  });

  it('or the reason is told', async () => {
    const nowhere = join(file(), 'none', 'platform.yaml');
    await expect(replacePlatform(nowhere, { before: yaml, after: 'new' })).rejects.toMatchObject({
      code: 'PLATFORM_UNWRITABLE',
      message: expect.stringContaining('ENOENT') as unknown,
    });
  });
});
