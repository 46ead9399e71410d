import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { GantryError } from '../../errors/index.ts';

/** Signs; the key stays inside. */
export type ManifestSigner = { keyId: string; sign: (text: string) => string };

/** Public keys by name: SPKI (DER) in base64. */
export type PublicKeys = Readonly<Record<string, string>>;

/**
 * A private key in PEM → what signs with it, once it is shown that the public key of its name verifies what it signs: a
 * backup that is found unverifiable on the day of a restore is none.
 * @throws ARCHIVE_KEY_UNUSABLE; the key is in no error
 */
export function manifestSigner(keyId: string, pem: string, publicKeys: PublicKeys): ManifestSigner {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new GantryError('ARCHIVE_KEY_UNUSABLE', `the private key of ${keyId} is no PKCS #8 key in PEM`);
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new GantryError(
      'ARCHIVE_KEY_UNUSABLE',
      `the key ${keyId} is ${key.asymmetricKeyType ?? 'unknown'}, not Ed25519`,
    );
  const signer = { keyId, sign: (text: string) => sign(null, Buffer.from(text, 'utf8'), key).toString('base64') };
  if (signatureFault(publicKeys, { keyId, ed25519: signer.sign('trial') }, 'trial') === undefined) return signer;
  const message = `the private key of ${keyId} does not belong to the public key that the platform file has of it`;
  throw new GantryError('ARCHIVE_KEY_UNUSABLE', message);
}

/** What is wrong with a signature, in words; nothing where it is right. */
export function signatureFault(
  publicKeys: PublicKeys,
  { keyId, ed25519 }: { keyId: string; ed25519: string },
  text: string,
): string | undefined {
  const known = Object.hasOwn(publicKeys, keyId) ? publicKeys[keyId] : undefined;
  if (known === undefined)
    return `it is signed by the key ${keyId.slice(0, 80)}, which the platform file does not have`;
  try {
    const key = createPublicKey({ key: Buffer.from(known, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType !== 'ed25519') return `the key ${keyId} of the platform file is not Ed25519`;
    return verify(null, Buffer.from(text, 'utf8'), key, Buffer.from(ed25519, 'base64'))
      ? undefined
      : `the key ${keyId} did not make its signature`;
  } catch {
    return `the key ${keyId} of the platform file cannot be read`;
  }
}
