import type { HostVerdict, InspectHostsInput } from '../../../src/runs/index.ts';
import { defineStep, done } from '../../../src/steps/index.ts';
import type { HostDeps } from '../access/access.ts';
import { inspect } from './inspect.ts';

/** At once: the connections are one bastion's. */
const atOnce = 5;

/** Looks at hosts by the steps of an onboarding, in inspect mode. It changes nothing, and one that does not answer does not conform. */
export const inspectHosts = defineStep<InspectHostsInput, readonly HostVerdict[], HostDeps>({
  name: 'host.inspect-hosts',
  probe: async ({ serials }, deps, context) => {
    const verdicts: HostVerdict[] = [];
    const waiting = [...serials];
    const work = async (): Promise<void> => {
      for (let serial = waiting.shift(); serial !== undefined; serial = waiting.shift()) {
        verdicts.push(await inspect(serial, deps, context));
        context.progress({ looked: verdicts.length, of: serials.length });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    verdicts.sort((a, b) => serials.indexOf(a.serial) - serials.indexOf(b.serial));
    const drifted = verdicts.filter(({ drifts }) => drifts.length > 0).length;
    return done(verdicts, `${serials.length - drifted} of ${serials.length} conform`);
  },
});
