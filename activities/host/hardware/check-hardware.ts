import type { HardwareFacts } from '../../../src/planning/host/index.ts';
import { compareHardware } from '../../../src/planning/host/index.ts';
import type { HostStepInput } from '../../../src/runs/index.ts';
import { blocked, defineStep, done } from '../../../src/steps/index.ts';
import type { HostDeps } from '../access/access.ts';
import { hardwareWanted, readHardware } from './read-hardware.ts';

/** What the host is made of, and every difference from its class. */
export type HardwareSeen = HardwareFacts & {
  mismatches: readonly { place: string; message: string }[];
  warnings: readonly string[];
};

/** The gate of the hardware: everything in which the host differs from its class, at once. It changes nothing. */
export const checkHardware = defineStep<HostStepInput, HardwareSeen, HostDeps>({
  name: 'host.check-hardware',
  probe: async ({ serial }, { hosts }, { signal }) => {
    const access = await hosts(serial);
    const facts = await readHardware(access.ssh, { signal });
    const { mismatches, warnings } = compareHardware(hardwareWanted(access), facts);
    const seen: HardwareSeen = { ...facts, mismatches, warnings };
    if (mismatches.length > 0) {
      const words = mismatches.map(({ message }) => message).join('; ');
      return blocked('HOST_DOES_NOT_MATCH', seen, `${serial} is not what its class says: ${words}`);
    }
    const more = warnings.length > 0 ? `; ${warnings.join('; ')}` : '';
    return done(seen, `${serial} is what its class ${access.config.class} says${more}`);
  },
});
