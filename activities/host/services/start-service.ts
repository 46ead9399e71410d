import { GantryError } from '../../../src/errors/index.ts';
import type { HostService } from '../../../src/platform/index.ts';
import type { HostServiceInput } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { Probe } from '../../../src/steps/index.ts';
import type { HostAccess, HostDeps } from '../access/access.ts';
import { commandFailed } from '../access/remote.ts';
import { script } from '../access/script.ts';
import { runningVms, runningVmsScript, vmsInWords } from '../system/running-vms.ts';
import type { ServiceReading } from './read-service.ts';
import { readService } from './read-service.ts';

export type ServiceState = ServiceReading & {
  /** Signs of VMs that run; looked for only where the service is not as it must be. */
  vms: readonly string[];
};

/** systemd gives a unit 90 s to start, and as long to stop. Milliseconds. */
const actWithinMs = 200_000;

/**
 * sh -c … sh <unit> <start|restart|stop|none> <enable|disable|->. A restart of the daemon that is the parent of the VMs, or of one
 * that it requires, ends them all, and one that is started beside VMs does not know them: they are looked for right before the act.
 */
const actScript = (vmsScript: string): string => `
set -eu
unit=$1 verb=$2 boot=$3
if [ "$verb" != none ]; then
  vms=$(sh -c '${vmsScript.replaceAll("'", `'\\''`)}')
  if [ "$vms" != end ]; then echo "VMs run: $vms" >&2; exit 9; fi
fi
systemctl daemon-reload
case $boot in
  enable) systemctl enable --quiet -- "$unit" ;;
  disable) systemctl disable --quiet -- "$unit" ;;
esac
[ "$verb" != none ] || exit 0
[ "$verb" != start ] || systemctl reset-failed -- "$unit" 2>/dev/null || :
systemctl "$verb" -- "$unit"`;

/**
 * Brings one daemon of the node to do what it must be seen to do: that its port speaks TLS with its identity, that a call answers as
 * only a working one does. A running daemon that does is never restarted. One that does not is restarted only on a host without VMs;
 * with VMs the run parks.
 */
export const startService = defineStep<HostServiceInput, ServiceState, HostDeps>({
  name: 'host.start-service',
  // A daemon that has started fetches its identity first.
  settleMs: 90_000,
  settleEveryMs: 2_000,
  probe: async ({ serial, unit }, { hosts }, { signal }) => {
    const access = await hosts(serial);
    const reading = await readService(access, serviceOf(access, unit), signal);
    return judged(access, await withVms(access, reading, signal));
  },
  apply: async ({ serial, unit }, seen, { hosts }, { signal, mustBeOurs }) => {
    const access = await hosts(serial);
    mustBeOurs();
    const verb = seen.flaws.length === 0 ? 'none' : seen.active ? 'restart' : 'start';
    await act(access, unit, verb, 'enable', signal);
  },
  undo: async ({ serial, unit }, before, { hosts }, { signal, mustBeOurs }) => {
    const access = await hosts(serial);
    mustBeOurs();
    const boot = before.enabled ? '-' : 'disable';
    // One that ran before, if wrongly, goes on: it was this host's.
    if (before.active) {
      if (boot === 'disable') await act(access, unit, 'none', boot, signal);
      return;
    }
    await act(access, unit, 'stop', boot, signal);
  },
});

/** @throws HOST_SERVICE_UNKNOWN: the platform file was changed */
export function serviceOf({ class: hostClass, serial }: HostAccess, unit: string): HostService {
  const service = hostClass.services.find((one) => one.unit === unit);
  if (service) return service;
  throw new GantryError('HOST_SERVICE_UNKNOWN', `the class of ${serial} has no service ${unit}`, {
    evidence: { serial, unit },
  });
}

async function withVms(access: HostAccess, reading: ServiceReading, signal: AbortSignal): Promise<ServiceState> {
  return { ...reading, vms: reading.flaws.length > 0 ? await runningVms(access, signal) : [] };
}

function judged({ ssh }: HostAccess, seen: ServiceState): Probe<ServiceState> {
  const { unit, loaded, enabled, stale, flaws, vms } = seen;
  if (!loaded) return blocked('HOST_SERVICE_NOT_INSTALLED', seen, `${ssh.where}: ${flaws.join('; ')}`);
  if (flaws.length === 0 && enabled) {
    return done(
      seen,
      `${unit} runs and does what it must${stale ? '; its unit file was changed since it was read' : ''}`,
    );
  }
  if (flaws.length === 0) return todo(seen, `${unit} does not start at boot`);
  const words = flaws.join('; ');
  if (vms.length > 0) {
    return blocked(
      'HOST_SERVICE_WRONG',
      seen,
      `${ssh.where}: ${words}; it is not started or restarted while VMs run (${vmsInWords(vms)})`,
    );
  }
  return todo(seen, words);
}

async function act(
  { ssh }: HostAccess,
  unit: string,
  verb: 'start' | 'restart' | 'stop' | 'none',
  boot: 'enable' | 'disable' | '-',
  signal: AbortSignal,
): Promise<void> {
  const argv = script('act-on-service', actScript(runningVmsScript), unit, verb, boot);
  const end = await ssh.run(argv, { timeoutMs: actWithinMs, signal });
  if (end.code === 0) return;
  if (end.code === 9) {
    throw new GantryError('HOST_HAS_VMS', `${ssh.where}: ${verb} ${unit}: ${end.stderr.trim().slice(0, 300)}`, {
      evidence: { host: ssh.where, unit, verb },
    });
  }
  throw commandFailed(ssh, `${verb} ${unit}`, end);
}
