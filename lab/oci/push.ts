import { createHash } from 'node:crypto';
import { GantryError } from '../../src/errors/index.ts';

export type PushOptions = {
  repository: string;
  tag: string;
  /** `linux/amd64`; several make an index. One without an index unless given. */
  platforms?: readonly string[];
  /** What is in it: another text is another digest. */
  content?: string;
  /** The media types of Docker in place of those of OCI. */
  docker?: boolean;
};

/** `digest` is what the tag leads to. */
export type PushedImage = { digest: string };

const types = {
  oci: {
    index: 'application/vnd.oci.image.index.v1+json',
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar',
  },
  docker: {
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar',
  },
} as const;

/** Pushes an image of one layer for each platform, and an index over several of them. @throws GantryError LAB_PART_FAILED */
export async function pushImage(
  origin: string,
  { repository, tag, platforms = ['linux/amd64'], content = tag, docker = false }: PushOptions,
  authorization: string | undefined,
): Promise<PushedImage> {
  const type = docker ? types.docker : types.oci;
  const api = `${origin}/v2/${repository}`;
  const ask = async (method: string, url: string, body?: Buffer, contentType?: string): Promise<Response> => {
    const headers = {
      ...(authorization === undefined ? {} : { authorization }),
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    };
    const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: new Uint8Array(body) }) });
    if (answer.ok) return answer;
    throw new GantryError(
      'LAB_PART_FAILED',
      `${method} ${url}: ${answer.status} ${(await answer.text()).slice(0, 300)}`,
    );
  };
  const blob = async (body: Buffer, mediaType: string): Promise<Descriptor> => {
    const begun = await ask('POST', `${api}/blobs/uploads/`);
    const at = new URL(begun.headers.get('location') ?? '', origin);
    at.searchParams.set('digest', digestOf(body));
    await ask('PUT', at.href, body, 'application/octet-stream');
    return { mediaType, digest: digestOf(body), size: body.length };
  };
  const manifest = async (value: object, mediaType: string, reference?: string): Promise<Descriptor> => {
    const body = json(value);
    await ask('PUT', `${api}/manifests/${reference ?? digestOf(body)}`, body, mediaType);
    return { mediaType, digest: digestOf(body), size: body.length };
  };
  const layer = await blob(Buffer.from(content), type.layer);
  const image = async (platform: string, reference?: string): Promise<Descriptor> => {
    const [os, architecture] = platform.split('/');
    const rootfs = { type: 'layers', diff_ids: [layer.digest] };
    const config = await blob(json({ os, architecture, rootfs }), type.config);
    const value = { schemaVersion: 2, mediaType: type.manifest, config, layers: [layer] };
    const made = await manifest(value, type.manifest, reference);
    return { ...made, platform: { os, architecture } };
  };
  const [only, ...others] = platforms;
  if (only !== undefined && others.length === 0) return image(only, tag);
  const manifests: Descriptor[] = [];
  for (const platform of platforms) manifests.push(await image(platform));
  return manifest({ schemaVersion: 2, mediaType: type.index, manifests }, type.index, tag);
}

type Descriptor = { mediaType: string; digest: string; size: number; platform?: object };

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function digestOf(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}
