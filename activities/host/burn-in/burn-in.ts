import { createHash } from 'node:crypto';
import { z } from 'zod';
import { collectUnit, readUnitLog, startUnit, stopUnit, watchUnit } from '../../../src/drivers/ssh/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { HostStepInput } from '../../../src/runs/index.ts';
import { canonicalJson } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import type { HostAccess, HostDeps, HostNodes } from '../access/access.ts';
import { removeRemoteFile } from '../access/files.ts';
import { command } from '../access/remote.ts';
import { isInService } from '../node/names.ts';
import { runningVms, vmsInWords } from '../system/running-vms.ts';
import type { Counters } from './counters.ts';
import { compareCounters, missingDisks, readCounters } from './counters.ts';
import { readJson, writeJson } from './files.ts';
import type { Load } from './load.ts';
import { loadsOf, scratchName } from './load.ts';

const burnInReport = z.object({
  /** Digest of what was burnt in, and for how long. */
  of: z.string(),
  generation: z.number(),
  seconds: z.record(z.string(), z.number()),
  /** Counters that could not be read, so that nothing is known of them. */
  unread: z.array(z.string()),
  /** By the clock of the host. */
  passedAt: z.string(),
});

const countersOfBoot = z.object({ bootId: z.string(), counters: z.record(z.string(), z.number().nullable()) });

/** What stays on the host of a burn-in that passed. */
export type BurnInReport = z.output<typeof burnInReport>;

/** `of`: the digest that a report must have; `takesVms`: the Node of the host is in service. */
export type BurnInState = {
  bootId: string;
  of: string;
  report?: BurnInReport;
  vms: readonly string[];
  takesVms: boolean;
};

const reportFile = '/var/lib/gantry/burn-in.json';
/** The counters before the load: a retry compares with what was read before the first attempt. */
const beforeFile = '/var/lib/gantry/burn-in-before.json';
const lookEveryMs = 2_000;

/**
 * Loads CPU, memory and the VM storage, each with verification, for as long as the class says, and compares the error counters of the
 * hardware. Done: the host has a report of this life, of this hardware and of this length, from whichever boot: what a host in service has
 * passed is not asked of it again for a reboot. It is never begun beside a VM, nor where one may be placed at any moment.
 */
export const burnIn = defineStep<HostStepInput, BurnInState, HostDeps>({
  name: 'host.burn-in',
  settleMs: 0,
  probe: async (input, { hosts, nodes }, { signal }) => {
    const access = await hosts(input.serial);
    return judged(access, input, await readState(access, input, nodes(input.serial, signal), signal));
  },
  apply: async ({ serial, generation }, seen, { hosts }, context) => {
    const access = await hosts(serial);
    const before = await countersBefore(access, seen, context);
    const loads = loadsOf(access.class);
    for (const load of loads) await carry(access, load, seen.bootId, context);
    const after = await readCounters(access, context.signal);
    const { risen, unread } = compareCounters(before, after);
    const gone = missingDisks(access, after);
    if (risen.length > 0 || gone.length > 0) {
      // The next attempt counts from now, and loads again: what has risen is known, and on record.
      await removeRemoteFile(access.ssh, beforeFile, { signal: context.signal });
      await collectAll(access, seen.bootId, context);
      throw failed(access, [...goneInWords(gone), ...risen], unread);
    }
    const report: BurnInReport = {
      ...{ of: seen.of, generation, unread },
      seconds: Object.fromEntries(loads.map(({ name, seconds }) => [name, seconds])),
      passedAt: await hostTime(access, context.signal),
    };
    context.mustBeOurs();
    await writeJson(access, reportFile, report, context.signal);
    await removeRemoteFile(access.ssh, beforeFile, { signal: context.signal });
    await collectAll(access, seen.bootId, context);
  },
  undo: async ({ serial }, before, { hosts }, context) => {
    const access = await hosts(serial);
    const { signal } = context;
    for (const { name } of loadsOf(access.class)) {
      const unit = unitOf(name, before.bootId, context);
      await stopUnit(access.ssh, unit, { signal });
      await collectUnit(access.ssh, unit, { signal });
    }
    await removeRemoteFile(access.ssh, `${access.class.storage.mountPoint}/${scratchName}`, { signal });
    await removeRemoteFile(access.ssh, beforeFile, { signal });
    if (before.report === undefined) await removeRemoteFile(access.ssh, reportFile, { signal });
    else await writeJson(access, reportFile, before.report, signal);
  },
});

async function readState(
  access: HostAccess,
  input: HostStepInput,
  nodes: Pick<HostNodes, 'get'>,
  signal: AbortSignal,
): Promise<BurnInState> {
  const bootId = (await command(access.ssh, ['cat', '/proc/sys/kernel/random/boot_id'], { signal })).trim();
  const report = await readJson(access, reportFile, burnInReport, signal);
  const state = { bootId, of: burntIn(access), ...(report ? { report } : {}) };
  if (isPassed(input, state)) return { ...state, vms: [], takesVms: false };
  const node = await nodes.get(access.config.node);
  return { ...state, vms: await runningVms(access, signal), takesVms: node !== undefined && isInService(node) };
}

/** What has to be burnt in again where it is another one: the machine with its disks and cards, and for how long. */
function burntIn({ serial, config, class: hostClass }: HostAccess): string {
  const { class: className, disks, uplinks } = config;
  const { burnIn: lengths } = hostClass;
  return createHash('sha256').update(canonicalJson({ serial, className, disks, uplinks, lengths })).digest('hex');
}

function isPassed({ generation }: HostStepInput, { of, report }: Pick<BurnInState, 'of' | 'report'>): boolean {
  return report?.of === of && report.generation === generation;
}

function judged({ ssh, config }: HostAccess, input: HostStepInput, seen: BurnInState): Probe<BurnInState> {
  const { of, report, vms, takesVms } = seen;
  if (report && isPassed(input, seen)) {
    const unread = report.unread.length > 0 ? `; not readable: ${report.unread.join(', ')}` : '';
    return done(seen, `passed at ${report.passedAt}${unread}`);
  }
  const why = !report
    ? 'no burn-in was passed'
    : report.of !== of
      ? 'the last one was of other hardware, or of another length'
      : 'the last one was in a former life of the host';
  if (vms.length > 0) return blocked('HOST_HAS_VMS', seen, `${ssh.where} runs VMs: ${vmsInWords(vms)}; ${why}`);
  if (takesVms) return blocked('HOST_TAKES_VMS', seen, `${why}, and the Node ${config.node} takes VMs`);
  return todo(seen, why);
}

async function countersBefore(access: HostAccess, { bootId }: BurnInState, { signal }: StepContext): Promise<Counters> {
  const kept = await readJson(access, beforeFile, countersOfBoot, signal);
  if (kept?.bootId === bootId) return kept.counters;
  const counters = await readCounters(access, signal);
  // Before hours of load: a reading without a disk would be compared with another one without it.
  const gone = missingDisks(access, counters);
  if (gone.length > 0) throw failed(access, goneInWords(gone), []);
  await writeJson(access, beforeFile, { bootId, counters }, signal);
  return counters;
}

/** Starts a load, or joins the one that a former attempt has started, and waits for its end. @throws HOST_BURN_IN_FAILED */
async function carry(
  access: HostAccess,
  { name, seconds, argv }: Load,
  bootId: string,
  context: StepContext,
): Promise<void> {
  const { signal } = context;
  const unit = unitOf(name, bootId, context);
  const startedAt = Date.now();
  let state = await startUnit(access.ssh, { name: unit, argv }, { signal });
  while (state.state === 'running') {
    const elapsed = Math.round((Date.now() - startedAt) / 1_000);
    context.progress({ load: name, seconds, elapsed });
    await wait(lookEveryMs, signal);
    state = await watchUnit(access.ssh, unit, { signal });
  }
  if (state.state === 'ended' && state.code === 0) return;
  const log = await readUnitLog(access.ssh, unit, 0, { signal });
  const how =
    state.state === 'ended' ? `ended with ${state.code}` : `is ${state.state}: it was killed, or the host was rebooted`;
  // Its name is free again: a retry loads again.
  await collectUnit(access.ssh, unit, { signal });
  throw new GantryError(
    'HOST_BURN_IN_FAILED',
    `${access.ssh.where}: the ${name} load ${how}: ${log.text.trim().slice(-300)}`,
    {
      evidence: { host: access.ssh.where, load: name, said: log.text.slice(-2_000) },
    },
  );
}

const goneInWords = (gone: readonly string[]): string[] =>
  gone.map((serial) => `the disk ${serial} of the inventory is not there`);

function failed({ ssh }: HostAccess, risen: readonly string[], unread: readonly string[]): GantryError {
  return new GantryError('HOST_BURN_IN_FAILED', `${ssh.where}: ${risen.join('; ')}`, {
    evidence: { host: ssh.where, risen, unread },
  });
}

/** Frees the names of the loads. */
async function collectAll(access: HostAccess, bootId: string, context: StepContext): Promise<void> {
  for (const { name } of loadsOf(access.class))
    await collectUnit(access.ssh, unitOf(name, bootId, context), { signal: context.signal });
}

/** Of this step and this boot: what was done before a reboot says nothing of this boot. */
function unitOf(load: string, bootId: string, { unit }: StepContext): string {
  return `${unit}/burn-in/${load}/${bootId}`;
}

async function hostTime({ ssh }: HostAccess, signal: AbortSignal): Promise<string> {
  return command(ssh, ['date', '-u', '+%Y-%m-%dT%H:%M:%SZ'], { signal });
}
