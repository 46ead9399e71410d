import { createHash } from 'node:crypto';

/** An image as a file names it: a repository, and what of it: a tag, a digest, or both. */
export type ImageReference = { name: string; tag?: string; digest?: string };

const host = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?';
const component = '[a-z0-9]+(?:(?:[.]|_{1,2}|-+)[a-z0-9]+)*';
const name = `(?:${host}/)?${component}(?:/${component})*`;
const tag = '[A-Za-z0-9_][A-Za-z0-9._-]{0,127}';
const digest = 'sha256:[0-9a-f]{64}';

/** `name@sha256:…`, with the tag that it was resolved from where there is one: `name:tag@sha256:…`. */
export const pinnedPattern = new RegExp(`^${name}(?::${tag})?@${digest}$`);

const reference = new RegExp(`^(?<name>${name})(?::(?<tag>${tag}))?(?:@(?<digest>${digest}))?$`);

/** What the text names, by the grammar of the OCI distribution specification; undefined when it names no image. */
export function parseImage(text: string): ImageReference | undefined {
  const found = reference.exec(text)?.groups;
  if (found?.['name'] === undefined) return undefined;
  return {
    name: found['name'],
    ...(found['tag'] === undefined ? {} : { tag: found['tag'] }),
    ...(found['digest'] === undefined ? {} : { digest: found['digest'] }),
  };
}

/** As a file has it. */
export function imageText({ name, tag, digest }: ImageReference): string {
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/**
 * As a cluster is given it: without the tag, which names nothing once there is a digest. Some runtimes refuse both at once, and
 * a tag that is renamed must not roll pods.
 */
export function imageByDigest(text: string): string {
  const { name, digest } = parseImage(text) ?? { name: text };
  return imageText({ name, ...(digest === undefined ? {} : { digest }) });
}

const ofNothing = `sha256:${createHash('sha256').digest('hex')}`;

/**
 * Whether a digest was made up so that the file can be read: a few characters again and again, or the digest of nothing. One that
 * was typed at random is not seen: only the registry knows that it has no such image.
 */
export function isPlaceholderDigest(digest: string): boolean {
  return digest === ofNothing || /^sha256:([0-9a-f]{1,16})\1+$/.test(digest);
}
