import type { JWTPayload } from 'jose';
import { decodeProtectedHeader, errors, importJWK, jwtVerify } from 'jose';
import { GantryError } from '../../src/errors/index.ts';
import type { LoadedPlatform } from '../../src/platform/index.ts';
import { approvalTokens, requestTokens } from '../../src/runs/index.ts';

/** What a token says, and the key that signed it. */
export type Verified = { claims: JWTPayload & { sub: string; jti: string; iat: number; exp: number }; keyId: string };

type Form = { type: string; audience: string; algorithm: string };

/**
 * Reads a token that the API has signed, by the public keys of the platform file. `at`: the moment for which it must be good.
 * @throws APPROVAL_TOKEN_INVALID, APPROVAL_KEY_UNKNOWN, APPROVAL_TOKEN_EXPIRED. None of them has the token in it.
 */
export async function readToken(
  { platform }: LoadedPlatform,
  token: string,
  { type, audience, algorithm }: Form,
  at: number,
): Promise<Verified> {
  const keyId = keyIdOf(token);
  const key = platform.approvals.keys.find(({ id }) => id === keyId);
  if (!key) {
    throw new GantryError('APPROVAL_KEY_UNKNOWN', `the token was signed with the key ${keyId}, which is not declared`, {
      evidence: { keyId, declared: platform.approvals.keys.map(({ id }) => id) },
    });
  }
  try {
    const { payload } = await jwtVerify(
      token,
      await importJWK({ kty: 'OKP', crv: 'Ed25519', x: key.ed25519 }, algorithm),
      {
        algorithms: [algorithm],
        typ: type,
        audience,
        requiredClaims: ['sub', 'jti', 'iat', 'exp'],
        clockTolerance: approvalTokens.skewMs / 1_000,
        currentDate: new Date(at),
      },
    );
    const claims = payload as Verified['claims'];
    const lifeMs = (claims.exp - claims.iat) * 1_000;
    if (lifeMs > approvalTokens.longestMs) throw expired(`it was made to live for ${lifeMs / 1_000} s`, keyId);
    if (claims.iat * 1_000 > at + approvalTokens.skewMs) throw expired('it was made later than now', keyId);
    return { claims, keyId };
  } catch (error) {
    if (error instanceof GantryError) throw error;
    if (error instanceof errors.JWTExpired) throw expired('its time is over', keyId);
    const why = error instanceof errors.JOSEError ? error.code : 'it cannot be read';
    throw new GantryError('APPROVAL_TOKEN_INVALID', `the token does not hold (${why})`, { evidence: { keyId, why } });
  }
}

/** Who the API says asked for a run; undefined where the token says nothing of this request, or does not hold. */
export async function requesterIn(
  platform: LoadedPlatform,
  token: string,
  wanted: { namespace: string; workflowId: string; kind: string; asked: string },
  startedAt: number,
): Promise<string | undefined> {
  try {
    const { claims } = await readToken(platform, token, requestTokens, startedAt);
    const same = Object.entries(wanted).every(([claim, value]) => claims[claim] === value);
    return same ? claims.sub : undefined;
  } catch (error) {
    if (error instanceof GantryError) return undefined;
    throw error;
  }
}

function keyIdOf(token: string): string {
  try {
    const { kid } = decodeProtectedHeader(token);
    if (typeof kid === 'string' && kid.length <= 100) return kid;
  } catch {
    // Said below.
  }
  throw new GantryError('APPROVAL_TOKEN_INVALID', 'the token names no key: it is none of the API');
}

function expired(why: string, keyId: string): GantryError {
  return new GantryError('APPROVAL_TOKEN_EXPIRED', `the token of the approval is not good now: ${why}`, {
    evidence: { keyId },
  });
}
