import { timingSafeEqual } from 'node:crypto';
import type { ConnectConfig } from 'ssh2';
import { GantryError } from '../../errors/index.ts';

/** What makes ssh2 accept the pinned key alone. `refused` tells afterwards whether the host showed another one. */
export type PinnedKey = Pick<ConnectConfig, 'algorithms' | 'hostVerifier'> & { refused: () => boolean };

/**
 * Pins a host's key. Only that key's own algorithm is offered: else the host might show another of its keys.
 * @throws SSH_FAILED when the pinned key cannot be read
 */
export function pinnedKey(hostKey: string): PinnedKey {
  const [type = '', base64 = ''] = hostKey.trim().split(/\s+/);
  const pinned = Buffer.from(base64, 'base64');
  if (pinned.length === 0)
    throw new GantryError('SSH_FAILED', 'the pinned host key is not of the form `ssh-ed25519 AAAA…`');
  let other = false;
  return {
    algorithms: { serverHostKey: algorithms(type) },
    hostVerifier: (key: Buffer): boolean => {
      const same = key.length === pinned.length && timingSafeEqual(key, pinned);
      other = !same;
      return same;
    },
    refused: () => other,
  };
}

type KeyAlgorithm = 'ssh-ed25519' | 'ecdsa-sha2-nistp256' | 'rsa-sha2-512' | 'rsa-sha2-256';

function algorithms(type: string): KeyAlgorithm[] {
  if (type === 'ssh-rsa') return ['rsa-sha2-512', 'rsa-sha2-256'];
  if (type === 'ecdsa-sha2-nistp256') return ['ecdsa-sha2-nistp256'];
  return ['ssh-ed25519'];
}
