import type { RemoteUnit } from '../../../src/drivers/ssh/index.ts';
import { collectUnit, readUnitLog, startUnit, watchUnit } from '../../../src/drivers/ssh/index.ts';
import { GantryError, troubleOf } from '../../../src/errors/index.ts';
import type { HostStepInput } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import type { HostAccess, HostDeps } from '../access/access.ts';
import { commandFailed } from '../access/remote.ts';
import { script } from '../access/script.ts';
import { flawsOf, readConformance } from './conformance.ts';
import { runningVms, runningVmsScript, vmsInWords } from './running-vms.ts';

export type Boot = {
  /** Which boot of the host this is (random, from the kernel). */
  bootId: string;
  /** What waits for the kernel's next start. */
  waiting: readonly string[];
  /** The boot that this step ended, once it has: it never ends a second one. */
  ended?: string;
  /** Signs of VMs that run. */
  vms: readonly string[];
};

/**
 * A server tests its memory before it starts anything: 15 minutes with 1.5 TB are common. The lab's guest takes two. Milliseconds.
 */
const backWithinMs = 25 * 60_000;
const lookEveryMs = 2_000;
const timeoutMs = 20_000;

/**
 * sh -c … sh <folder> <name>: reboots this boot, once. The mark is on the disk before systemd is asked; a unit that is started again
 * in the next boot finds a mark of another boot and does nothing. VMs are looked for last, as near to the act as can be.
 */
const rebootScript = (vmsScript: string): string => `
set -eu
dir=$1 mark=$1/$2
now=$(cat /proc/sys/kernel/random/boot_id)
mkdir -p "$dir"
if [ -e "$mark" ]; then
  if [ "$(cat "$mark")" != "$now" ]; then echo 'rebooted before'; exit 0; fi
else
  printf %s "$now" >"$mark.new"; sync "$mark.new"; mv "$mark.new" "$mark"; sync "$dir"
fi
vms=$(sh -c '${vmsScript.replaceAll("'", `'\\''`)}')
if [ "$vms" != end ]; then rm -f "$mark"; echo "VMs run: $vms" >&2; exit 9; fi
sync
systemctl --no-block reboot`;

const folder = '/var/lib/gantry/reboots';

/**
 * Reboots the host where the kernel's command line waits for it, and nowhere else. Done: the boot id is another one and nothing
 * waits any more. It never reboots a host with a VM on it, and one step never reboots twice.
 */
export const rebootHost = defineStep<HostStepInput, Boot, HostDeps>({
  name: 'host.reboot-host',
  settleMs: 0,
  probe: async ({ serial }, { hosts }, context) => {
    const access = await hosts(serial);
    return judged(access, await readBoot(access, context));
  },
  apply: async ({ serial }, seen, { hosts }, context) => {
    const access = await hosts(serial);
    context.mustBeOurs();
    const before = seen.ended ?? seen.bootId;
    const argv = script('reboot', rebootScript(runningVmsScript), folder, markOf(context));
    await startReboot(access, { name: `${context.unit}/reboot`, argv }, context);
    const startedAt = Date.now();
    await isBack(access, before, context);
    context.measure('rebootMs', Date.now() - startedAt);
  },
});

async function readBoot(access: HostAccess, context: StepContext): Promise<Boot> {
  const { signal } = context;
  const text = 'cat /proc/sys/kernel/random/boot_id; cat "$1" 2>/dev/null || :';
  const end = await access.ssh.run(script('read-boot', text, `${folder}/${markOf(context)}`), { timeoutMs, signal });
  const [bootId = '', ended = ''] = end.stdout.trim().split('\n');
  if (end.code !== 0 || bootId === '') throw commandFailed(access.ssh, 'read the boot id', end);
  const flaws = flawsOf(await readConformance(access, signal));
  const waiting = flaws.filter(({ cure }) => cure === 'reboot').map(({ control, what }) => `${control}: ${what}`);
  const vms = waiting.length > 0 ? await runningVms(access, signal) : [];
  return { bootId, waiting, vms, ...(ended === '' ? {} : { ended }) };
}

function judged({ ssh }: HostAccess, seen: Boot): Probe<Boot> {
  const { bootId, waiting, ended, vms } = seen;
  if (waiting.length === 0) {
    return done(
      seen,
      ended !== undefined && ended !== bootId ? `rebooted: ${ended} → ${bootId}` : 'nothing waits for a reboot',
    );
  }
  const words = waiting.join('; ');
  if (ended !== undefined && ended !== bootId) {
    return blocked(
      'HOST_REBOOT_WITHOUT_EFFECT',
      seen,
      `${ssh.where} was rebooted (${ended} → ${bootId}), and still: ${words}`,
    );
  }
  if (vms.length > 0)
    return blocked('HOST_HAS_VMS', seen, `${ssh.where} runs VMs (${vmsInWords(vms)}) and needs a reboot: ${words}`);
  return todo(seen, words, { begun: ended !== undefined });
}

/** Resolves when the reboot is under way, or the host has fallen silent. @throws HOST_HAS_VMS, HOST_COMMAND_FAILED */
async function startReboot({ ssh }: HostAccess, unit: RemoteUnit, { signal }: StepContext): Promise<void> {
  try {
    let state = await startUnit(ssh, unit, { signal });
    while (state.state === 'running') {
      await wait(500, signal);
      state = await watchUnit(ssh, unit.name, { signal });
    }
    if (state.state !== 'ended' || state.code === 0) return;
    const { text } = await readUnitLog(ssh, unit.name, 0, { signal });
    // Its name is free again: a retry looks again.
    await collectUnit(ssh, unit.name, { signal });
    if (state.code === 9) throw new GantryError('HOST_HAS_VMS', `${ssh.where} was not rebooted: ${text.trim()}`);
    throw commandFailed(ssh, 'reboot', { code: state.code, stdout: text, stderr: '', ms: 0, truncated: false });
  } catch (error) {
    // The reboot may be faster than the answer.
    if (!isSilence(error)) throw error;
  }
}

/** Waits for another boot id and a system that is up, each look over a connection of its own. @throws HOST_NOT_BACK */
async function isBack(access: HostAccess, before: string, context: StepContext): Promise<void> {
  const deadline = Date.now() + backWithinMs;
  const look = script('is-back', 'cat /proc/sys/kernel/random/boot_id; systemctl is-system-running 2>/dev/null || :');
  let last = 'nothing was seen of it';
  while (Date.now() < deadline) {
    context.progress({ waitingFor: 'the next boot', since: before, last });
    try {
      const end = await access.fresh((ssh) => ssh.run(look, { timeoutMs, signal: context.signal }), timeoutMs);
      const [bootId, state] = end.stdout.trim().split('\n');
      last = `boot ${bootId ?? '?'}, ${state ?? '?'}`;
      // `degraded`: some unit failed; which, is for the steps that look again.
      if (bootId !== undefined && bootId !== '' && bootId !== before && (state === 'running' || state === 'degraded'))
        return;
    } catch (error) {
      if (!isSilence(error)) throw error;
      last = troubleOf(error).message;
    }
    await wait(lookEveryMs, context.signal);
  }
  throw new GantryError(
    'HOST_NOT_BACK',
    `${access.ssh.where} is not up ${backWithinMs / 60_000} minutes after its reboot: ${last}`,
    {
      evidence: { host: access.ssh.where, before, last },
    },
  );
}

/** One mark per step of a run: a retry finds it. */
function markOf({ unit }: StepContext): string {
  return unit.replace(/[^A-Za-z0-9_.-]/g, '-').slice(-200);
}

function isSilence(error: unknown): boolean {
  return troubleOf(error).code === 'SSH_FAILED';
}
