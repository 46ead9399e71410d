import { GantryError } from '../../errors/index.ts';

/** The one error of the driver. The private key is never in it. */
export function sshFailed(where: string, why: string): GantryError {
  return new GantryError('SSH_FAILED', `${where}: ${why}`, { evidence: { host: where, why } });
}
