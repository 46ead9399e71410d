import { readFileSync } from 'node:fs';
import { exportJWK, generateKeyPair, importJWK } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import { approvalTokens } from '../../runs/index.ts';

const privateKey = z.looseObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  kid: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  d: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

/** A new key: the text of the file that the API reads, and the public half for the platform file. */
export async function newSigningKey(id: string): Promise<{ file: string; line: { id: string; ed25519: string } }> {
  const { privateKey: made } = await generateKeyPair(approvalTokens.algorithm, { crv: 'Ed25519', extractable: true });
  const { kty, crv, x = '', d } = await exportJWK(made);
  return { file: `${JSON.stringify({ kty, crv, kid: id, x, d })}\n`, line: { id, ed25519: x } };
}

/** The private key in a file, and its id. Nothing of the file is ever part of an error. @throws APPROVAL_KEY_UNREADABLE */
export async function readSigningKey(path: string): Promise<{ id: string; key: CryptoKey }> {
  const content = readJson(path);
  const read = privateKey.safeParse(content);
  if (!read.success) throw unreadable(path, 'it holds no Ed25519 key as a JWK with kid, x and d');
  const { kid: id, kty, crv, x, d } = read.data;
  try {
    const jwk: JWK = { kty, crv, x, d };
    const key = await importJWK(jwk, approvalTokens.algorithm);
    if (!(key instanceof Uint8Array)) return { id, key };
  } catch {
    // Said below; the cause could quote the key.
  }
  throw unreadable(path, 'its key cannot be used');
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, (error as NodeJS.ErrnoException).code ?? 'unreadable');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(path, 'it is no JSON');
  }
}

function unreadable(path: string, why: string): GantryError {
  return new GantryError('APPROVAL_KEY_UNREADABLE', `the key file ${path} cannot be used: ${why}`, {
    evidence: { path },
  });
}
