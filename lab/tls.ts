import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { GantryError } from '../src/errors/index.ts';
import { onPath } from './programs.ts';

/** Files of a certificate authority of the lab's own, and of one certificate for server and client. */
export type LabTls = { ca: string; cert: string; key: string };

/**
 * Makes an authority and a certificate for the loopback addresses and `serverName`, valid for a day.
 * @throws GantryError LAB_PART_MISSING without openssl
 */
export function makeTls(stateDir: string, serverName = 'redis.lab'): LabTls {
  const openssl = onPath('openssl');
  if (!openssl) {
    throw new GantryError('LAB_PART_MISSING', 'openssl: not on PATH. Run: apt-get install openssl', {
      evidence: { part: 'openssl' },
    });
  }
  const dir = join(stateDir, 'tls');
  mkdirSync(dir, { recursive: true });
  const [ca, caKey, cert, key] = ['ca.pem', 'ca.key', 'node.pem', 'node.key'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
    string,
  ];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const run = (args: readonly string[]): void => void execFileSync(openssl, args, { stdio: 'pipe' });
  run([...request, '-subj', '/CN=lab authority', '-keyout', caKey, '-out', ca]);
  run([
    ...request,
    ...['-subj', `/CN=${serverName}`, '-addext', `subjectAltName=DNS:${serverName},IP:127.0.0.1,IP:::1`],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-CA', ca, '-CAkey', caKey, '-keyout', key, '-out', cert],
  ]);
  return { ca, cert, key };
}

/** The directives of a node or Sentinel that speaks nothing but TLS, with client certificates required. */
export function tlsDirectives({ ca, cert, key }: LabTls): string[] {
  return [
    `tls-ca-cert-file ${ca}`,
    `tls-cert-file ${cert}`,
    `tls-key-file ${key}`,
    'tls-auth-clients yes',
    'tls-replication yes',
  ];
}
