import { readFileSync } from 'node:fs';
import type { RedisTlsOptions } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RedisTls, SecretRef } from '../../../src/platform/index.ts';

/**
 * The `tls` of a group → what a connection needs. Certificates are read again for every access, so that a renewed one is used.
 * @throws REDIS_TLS_UNREADABLE; SECRET_NOT_FOUND from `secret`
 */
export function tlsOf(
  { ca, serverName, cert, privateKey }: RedisTls,
  secret: (ref: SecretRef) => string,
): RedisTlsOptions {
  return {
    ...(ca === undefined ? {} : { ca: certificates(ca) }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(cert === undefined ? {} : { cert: certificates(cert) }),
    ...(privateKey === undefined ? {} : { key: secret(privateKey) }),
  };
}

function certificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new GantryError('REDIS_TLS_UNREADABLE', `${path}: ${reason}`, { evidence: { file: path, reason } });
  }
}
