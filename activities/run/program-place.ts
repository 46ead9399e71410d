import type { ProgramPlace } from '../../src/drivers/programs/index.ts';
import type { SecretRef } from '../../src/platform/index.ts';

/** Where programs of the platform file run. */
export type ProgramSource =
  | { kind: 'command' }
  | { kind: 'ssh'; host: string; port?: number; user: string; hostKey: string; privateKey: SecretRef };

const sshPort = 22;

/** Where programs of the platform file run, with the key that opens it. @throws SECRET_NOT_FOUND from `secret` */
export function programPlace(source: ProgramSource, secret: (ref: SecretRef) => string): ProgramPlace {
  if (source.kind === 'command') return { kind: 'command' };
  const { host, port = sshPort, user, hostKey, privateKey } = source;
  return { kind: 'ssh', host, port, user, hostKey, privateKey: secret(privateKey) };
}
