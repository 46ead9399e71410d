import { z } from 'zod';

const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
] as const;
const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

/** What Gantry takes from a registry, as `Accept` says it. */
export const acceptedTypes = [...indexTypes, ...manifestTypes].join(', ');

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const platform = z.object({ os: z.string(), architecture: z.string() });

const index = z.object({ manifests: z.array(z.object({ platform: platform.optional() })) });
const manifest = z.object({ config: z.object({ digest }), layers: z.array(z.unknown()) });

/** An image for one platform, which its configuration names, or an index with those of its images. */
export type Manifest = { kind: 'index'; platforms: readonly string[] } | { kind: 'image'; config: string };

/** Reads what a registry has under a name; undefined when it is neither an index nor an image. */
export function readManifest(type: string, body: Buffer): Manifest | undefined {
  const bare = type.split(';')[0]?.trim().toLowerCase() ?? '';
  if (indexTypes.some((one) => one === bare)) {
    const read = index.safeParse(parsed(body));
    if (!read.success) return undefined;
    const named = read.data.manifests.flatMap((one) => (one.platform ? [words(one.platform)] : []));
    return { kind: 'index', platforms: [...new Set(named)].filter((one) => one !== 'unknown/unknown') };
  }
  if (!manifestTypes.some((one) => one === bare)) return undefined;
  const read = manifest.safeParse(parsed(body));
  return read.success ? { kind: 'image', config: read.data.config.digest } : undefined;
}

/** The platform that the configuration of an image names. */
export function platformOf(config: Buffer): string | undefined {
  const read = platform.safeParse(parsed(config));
  return read.success ? words(read.data) : undefined;
}

function words({ os, architecture }: z.output<typeof platform>): string {
  return `${os}/${architecture}`;
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
