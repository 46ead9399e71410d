import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { GantryError } from '../../errors/index.ts';
import type { Who } from './allow.ts';
import type { Access } from './schema.ts';

/** By which a leaked token is recognised as one of Gantry's. */
const prefix = 'gantry_';

/** A token of 256 random bits, and the hash that goes into the access file. The token itself is kept nowhere. */
export function newToken(): { token: string; sha256: string } {
  const token = `${prefix}${randomBytes(32).toString('base64url')}`;
  return { token, sha256: hashOf(token) };
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Says who sends a request with this `Authorization` header. @throws GantryError API_UNAUTHENTICATED, with the same words whatever is wrong */
export type Authenticate = (header: string | undefined) => Promise<Who>;

/** `now`: milliseconds of the API's clock. Asked for each request, so that a changed access file takes effect at once. */
export function authenticator(access: () => Access, now: () => number): Authenticate {
  let keys: { url: string; set: ReturnType<typeof createRemoteJWKSet> } | undefined;
  const keySet = (url: string): ReturnType<typeof createRemoteJWKSet> => {
    if (keys?.url !== url) keys = { url, set: createRemoteJWKSet(new URL(url), { timeoutDuration: 5_000 }) };
    return keys.set;
  };
  return async (header) => {
    const token = /^Bearer ([\x21-\x7e]{1,8192})$/i.exec(header ?? '')?.[1];
    if (token === undefined) throw unknown('the request has no bearer token');
    const { tokens, oidc } = access();
    if (token.startsWith(prefix)) {
      const hash = Buffer.from(hashOf(token), 'hex');
      const held = tokens.find(({ sha256 }) => timingSafeEqual(Buffer.from(sha256, 'hex'), hash));
      if (!held) throw unknown('the API does not know this token');
      if (Date.parse(held.expires) <= now()) throw unknown(`the token ${held.id} expired at ${held.expires}`);
      return { person: held.person, groups: [], by: held.id };
    }
    if (!oidc) throw unknown('the API does not know this token');
    try {
      const { payload } = await jwtVerify(token, keySet(oidc.jwks), {
        issuer: oidc.issuer,
        audience: oidc.audience,
        algorithms: oidc.algorithms,
        requiredClaims: ['exp', oidc.personClaim],
        currentDate: new Date(now()),
      });
      const person = payload[oidc.personClaim];
      const groups = payload[oidc.groupsClaim];
      if (typeof person !== 'string' || person === '') throw unknown(`the token's ${oidc.personClaim} names no person`);
      return {
        person,
        groups: Array.isArray(groups) ? groups.filter((one) => typeof one === 'string') : [],
        by: 'oidc',
      };
    } catch (error) {
      if (error instanceof GantryError) throw error;
      const why = error instanceof errors.JOSEError ? error.code : 'the keys of the issuer cannot be read';
      throw unknown(`the token was refused (${why})`);
    }
  };
}

function unknown(message: string): GantryError {
  return new GantryError('API_UNAUTHENTICATED', message);
}
