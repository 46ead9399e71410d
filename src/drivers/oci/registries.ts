import { createHash } from 'node:crypto';
import { GantryError } from '../../errors/index.ts';
import { authorize, challengeOf } from './authorize.ts';
import { acceptedTypes, platformOf, readManifest } from './manifest.ts';
import type { RegistryPlace } from './place.ts';
import { placeOf } from './place.ts';
import type { Answer } from './request.ts';
import { request } from './request.ts';
import type { FoundImage, ImageName, ImageRegistries, RegistryLogins } from './types.ts';

export type RegistriesOptions = {
  logins: RegistryLogins;
  /** What an image must have been built for. */
  platform: string;
  /** For one request; 20,000 unless given. Milliseconds. */
  timeoutMs?: number;
  signal?: AbortSignal;
};

/** Registries that speak the OCI distribution API, version 2. Each image is looked up by itself; nothing is kept between them. */
export function imageRegistries({ logins, platform, timeoutMs = 20_000, signal }: RegistriesOptions): ImageRegistries {
  /** Asks for a part of a repository, with a login where the registry wants one. */
  const asking = (place: RegistryPlace, what: string): ((path: string, accept?: string) => Promise<Answer>) => {
    let authorization: string | undefined;
    const once = (path: string, accept: string | undefined): Promise<Answer> => {
      const headers = { ...(accept ? { accept } : {}), ...(authorization ? { authorization } : {}) };
      return request(`${place.origin}/v2/${place.repository}/${path}`, what, { headers }, { timeoutMs, signal });
    };
    return async (path, accept) => {
      const first = await once(path, accept);
      if (first.status !== 401) return first;
      const challenge = challengeOf(first.headers.get('www-authenticate'));
      authorization = await authorize(challenge, { ...place, what }, await logins(place.host), (url, init) =>
        request(url, what, init, { timeoutMs, signal }),
      );
      return once(path, accept);
    };
  };

  return {
    find: async ({ name, reference }: ImageName): Promise<FoundImage> => {
      const asked = reference.startsWith('sha256:') ? reference : undefined;
      const what = `${name}${asked === undefined ? ':' : '@'}${reference}`;
      const ask = asking(placeOf(name), what);
      const answer = checked(await ask(`manifests/${reference}`, acceptedTypes), what);
      const digest = proven(answer, asked, what);
      const read = readManifest(answer.headers.get('content-type') ?? '', answer.body);
      if (!read) throw unexpected(what, `${answer.headers.get('content-type') ?? 'no type'} is no image, and no index`);
      if (read.kind === 'index') return suited({ digest, platforms: read.platforms }, platform, what);
      const config = checked(await ask(`blobs/${read.config}`), what);
      if (sha256(config.body) !== read.config) throw differs(what, `its configuration is not ${read.config}`);
      const own = platformOf(config.body);
      if (own === undefined) throw unexpected(what, 'its configuration names no platform');
      return suited({ digest, platforms: [own] }, platform, what);
    },
  };
}

function checked(answer: Answer, what: string): Answer {
  const { status } = answer;
  if (status === 200) return answer;
  if (status === 401 || status === 403)
    throw new GantryError('IMAGE_UNAUTHORIZED', `${what}: the registry answers ${status} to this login`);
  if (status === 404) throw new GantryError('IMAGE_UNKNOWN', `${what}: the registry has no such image`);
  if (status === 429 || status >= 500)
    throw new GantryError('IMAGE_REGISTRY_AWAY', `${what}: the registry answers ${status}`);
  throw unexpected(what, `the registry answers ${status}`);
}

/** The digest of the bytes, which whatever was asked for and whatever the registry says of them must equal. */
function proven({ headers, body }: Answer, asked: string | undefined, what: string): string {
  const digest = sha256(body);
  const said = headers.get('docker-content-digest') ?? undefined;
  for (const one of [asked, said])
    if (one?.startsWith('sha256:') && one !== digest) throw differs(what, `the bytes have ${digest}, not ${one}`);
  return digest;
}

function suited(found: FoundImage, platform: string, what: string): FoundImage {
  if (found.platforms.includes(platform)) return found;
  const has = found.platforms.join(', ') || 'none that it names';
  throw new GantryError('IMAGE_PLATFORM_MISSING', `${what}: it is not there for ${platform}; it has ${has}`);
}

function sha256(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}

function differs(what: string, why: string): GantryError {
  return new GantryError('IMAGE_DIGEST_DIFFERS', `${what}: ${why}`);
}

function unexpected(what: string, why: string): GantryError {
  return new GantryError('IMAGE_ANSWER_INVALID', `${what}: ${why}`);
}
