import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import type { HostClass } from '../../../src/platform/index.ts';
import type { HostStepInput } from '../../../src/runs/index.ts';
import type { HostAccess, HostDeps } from '../access/access.ts';
import { removeRemoteFile, writeRemoteFile } from '../access/files.ts';
import { command } from '../access/remote.ts';
import { script } from '../access/script.ts';
import { endWork, longWork } from '../access/units.ts';
import type { Conformance, ControlReading } from './conformance.ts';
import { flawsOf, pathsOf, readConformance } from './conformance.ts';
import type { Control } from './controls/index.ts';
import { controlsOf } from './controls/index.ts';

/** For one control that is not `long`. Milliseconds. */
const applyWithinMs = 180_000;

/**
 * Brings kernel, control groups and the surroundings of the jailer to the table of controls, and makes one report with a digest.
 * What the kernel takes at its next start alone is left to `reboot-host`. The undo touches only controls that had a flaw at the
 * first look, and only files that still are as Gantry wrote them.
 */
export const hardenHost = defineStep<HostStepInput, Conformance, HostDeps>({
  name: 'host.harden-host',
  settleMs: 0,
  probe: async ({ serial }, { hosts }, { signal }) => {
    const access = await hosts(serial);
    return judged(await readConformance(access, signal), access.class);
  },
  apply: async ({ serial }, seen, { hosts }, context) => {
    const access = await hosts(serial);
    for (const control of controlsOf(access.class)) {
      const reading = seen.controls[control.name];
      if (reading?.flaw?.cure !== 'apply') continue;
      context.progress({ control: control.name });
      context.mustBeOurs();
      await apply(access, control, reading, context);
    }
  },
  undo: async ({ serial }, before, { hosts }, context) => {
    const access = await hosts(serial);
    const now = await readConformance(access, context.signal);
    for (const control of [...controlsOf(access.class)].reverse()) {
      const former = before.controls[control.name];
      if (former?.flaw?.cure !== 'apply') continue;
      context.mustBeOurs();
      await restore(access, control, former, now.controls[control.name], context);
    }
  },
});

function judged(seen: Conformance, hostClass: HostClass): Probe<Conformance> {
  const flaws = flawsOf(seen);
  const words = flaws.map(({ control, what }) => `${control}: ${what}`).join('; ');
  // Nothing of the host is changed for a host that cannot conform.
  if (flaws.some(({ cure }) => cure === 'none')) return blocked('HOST_CANNOT_CONFORM', seen, words);
  if (flaws.some(({ cure }) => cure === 'apply')) {
    return todo(seen, words, { begun: isBegun(seen, hostClass) });
  }
  const all = `${Object.keys(seen.controls).length} controls, digest ${seen.digest.slice(0, 16)}`;
  return done(seen, flaws.length > 0 ? `${all}; the kernel takes at its next start: ${words}` : all);
}

/** Something of Gantry's is there already, beside what is missing. */
function isBegun(seen: Conformance, hostClass: HostClass): boolean {
  return controlsOf(hostClass).some(({ name, files }) => files !== undefined && seen.controls[name]?.ok);
}

async function apply(access: HostAccess, control: Control, seen: ControlReading, context: StepContext): Promise<void> {
  const { signal } = context;
  for (const [path, content] of Object.entries(control.files ?? {})) {
    if (!(path in seen.files)) continue;
    await writeRemoteFile(access.ssh, path, content, {
      mode: modeOf(path),
      was: { text: seen.files[path] ?? undefined },
      signal,
    });
  }
  if (control.apply === undefined) return;
  const argv = script(`apply-${control.name}`, `set -eu\n${control.apply}`);
  await run(access, control, `set up ${control.name}`, argv, context);
}

async function restore(
  access: HostAccess,
  control: Control,
  former: ControlReading,
  now: ControlReading | undefined,
  context: StepContext,
): Promise<void> {
  const { signal } = context;
  // What a killed attempt began would go on beside the undo.
  if (control.long) await endWork(access.ssh, context, `set up ${control.name}`);
  for (const path of pathsOf(control)) {
    const wasOurs = !(path in former.files);
    // What another client has changed since is not this run's to take back.
    const isOurs = control.files?.[path] === undefined || !(path in (now?.files ?? {}));
    if (wasOurs || !isOurs) continue;
    const content = former.files[path];
    if (typeof content === 'string') await writeRemoteFile(access.ssh, path, content, { mode: modeOf(path), signal });
    else await removeRemoteFile(access.ssh, path, { signal });
  }
  if (control.restore === undefined) return;
  const argv = script(`restore-${control.name}`, `set -eu\n${control.restore}`, former.found);
  await run(access, control, `take ${control.name} back`, argv, context);
}

/** Programs are below /usr/local/lib; all else is read. */
function modeOf(path: string): string {
  return path.startsWith('/usr/local/lib/') ? '0755' : '0644';
}

async function run(
  { ssh }: HostAccess,
  { long }: Control,
  what: string,
  argv: readonly string[],
  context: StepContext,
): Promise<void> {
  if (long) await longWork(ssh, context, { what, argv });
  else await command(ssh, argv, { what, timeoutMs: applyWithinMs, signal: context.signal });
}
