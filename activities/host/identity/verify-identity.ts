import type { HostStepInput } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { HostDeps } from '../access/access.ts';
import { removeRemoteFile, writeRemoteFile } from '../access/files.ts';
import { look } from '../access/look.ts';
import type { Identity } from './identity.ts';
import { identityFinding, identityLooks, identityOf } from './identity.ts';
import { recordPath, recordText } from './record.ts';

/**
 * Proves that the host is the one that the inventory means, and has it keep which life of the machine this is, before anything
 * is derived from it.
 */
export const verifyIdentity = defineStep<HostStepInput, Identity, HostDeps>({
  name: 'host.verify-identity',
  probe: async ({ serial, generation }, { hosts }, { signal }) => {
    const { ssh } = await hosts(serial);
    const seen = identityOf(await look(ssh, identityLooks, { signal }), ssh.where);
    const finding = identityFinding(serial, seen);
    if (finding) return blocked(finding.code, seen, finding.message);
    const { record, bootId } = seen;
    if (!record) return todo(seen, `${serial} has not kept its generation, ${generation}`);
    if (record.generation !== generation) {
      const message = `${serial} keeps generation ${record.generation}, and the plan was made for ${generation}`;
      return blocked('HOST_STATE_FOREIGN', seen, message);
    }
    return done(seen, `${serial}, generation ${generation}, boot ${bootId}`);
  },
  apply: async (of, _seen, { hosts, log }, { signal, mustBeOurs }) => {
    const { ssh } = await hosts(of.serial);
    mustBeOurs();
    await writeRemoteFile(ssh, recordPath, recordText(of), { was: { text: undefined }, signal });
    log.info({ serial: of.serial, generation: of.generation }, 'generation kept on the host');
  },
  undo: async ({ serial, generation }, before, { hosts }, { signal }) => {
    if (before.record) return;
    const { ssh } = await hosts(serial);
    const { record } = identityOf(await look(ssh, identityLooks, { signal }), ssh.where);
    if (record?.serial !== serial || record.generation !== generation) return;
    await removeRemoteFile(ssh, recordPath, { signal });
  },
});
