import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
  const dir = join(stateDir, 'tls');
  mkdirSync(dir, { recursive: true });
  const [ca, caKey, cert, key] = ['ca.pem', 'ca.key', 'node.pem', 'node.key'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
    string,
  ];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  openssl([...request, '-subj', '/CN=lab authority', '-keyout', caKey, '-out', ca]);
  openssl([
    ...request,
    ...['-subj', `/CN=${serverName}`, '-addext', `subjectAltName=DNS:${serverName},IP:127.0.0.1,IP:::1`],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-CA', ca, '-CAkey', caKey, '-keyout', key, '-out', cert],
  ]);
  return { ca, cert, key };
}

/** A certificate that signs itself, as text: for these names, valid for `days` from now. @throws GantryError LAB_PART_MISSING without openssl */
export function makeCertificate(names: readonly string[], days: number): { certificate: string; key: string } {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-certificate-'));
  try {
    const [certificate, key] = [join(dir, 'certificate.pem'), join(dir, 'certificate.key')];
    const alternatives = names.map((name) => `DNS:${name}`).join(',');
    openssl([
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', String(days), '-subj', `/CN=${names[0]}`],
      ...['-addext', `subjectAltName=${alternatives}`, '-keyout', key, '-out', certificate],
    ]);
    return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** @throws GantryError LAB_PART_MISSING */
function openssl(args: readonly string[]): void {
  const program = onPath('openssl');
  if (!program) {
    throw new GantryError('LAB_PART_MISSING', 'openssl: not on PATH. Run: apt-get install openssl', {
      evidence: { part: 'openssl' },
    });
  }
  execFileSync(program, args, { stdio: 'pipe' });
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
