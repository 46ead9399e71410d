import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { ApprovalBinding, RequestBinding } from '../../runs/index.ts';
import { approvalTokens, requestTokens } from '../../runs/index.ts';
import { readSigningKey } from './keys.ts';

/** Signs what the API vouches for. Each token has an id of its own and counts once. */
export type Signer = {
  keyId: string;
  /** That this person approves this plan of this run. */
  approval: (binding: ApprovalBinding, person: string) => Promise<string>;
  /** That this person sent this request. */
  request: (binding: RequestBinding, person: string) => Promise<string>;
};

/** A signer with the key in a file; `now`: milliseconds of the API's clock. @throws APPROVAL_KEY_UNREADABLE */
export async function signerFrom(path: string, now: () => number = Date.now): Promise<Signer> {
  const { id: keyId, key } = await readSigningKey(path);
  const sign = (
    { type, audience, algorithm, lifetimeMs }: typeof approvalTokens | typeof requestTokens,
    claims: Record<string, string>,
    person: string,
  ): Promise<string> => {
    const at = Math.floor(now() / 1_000);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, typ: type, kid: keyId })
      .setAudience(audience)
      .setSubject(person)
      .setJti(randomUUID())
      .setIssuedAt(at)
      .setExpirationTime(at + lifetimeMs / 1_000)
      .sign(key);
  };
  return {
    keyId,
    approval: (binding, person) => sign(approvalTokens, { ...binding }, person),
    request: (binding, person) => sign(requestTokens, { ...binding }, person),
  };
}
