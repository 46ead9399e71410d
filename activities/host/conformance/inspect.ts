import { troubleOf } from '../../../src/errors/index.ts';
import type { HostDrift, HostVerdict } from '../../../src/runs/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import type { HostAccess, HostDeps } from '../access/access.ts';
import { look } from '../access/look.ts';
import { readRecord, recordOf } from '../identity/record.ts';
import { hasTaint, quarantineTaint } from '../node/names.ts';
import type { Conformance } from '../system/conformance.ts';
import { inspectedOf } from './inspected.ts';

/** Of one host, and of one drift: the verdicts of a chunk go into one answer. */
const [mostDrifts, longest] = [20, 300];

/** Looks at one host by every step of an onboarding, in inspect mode. @throws what the signal aborts with, and nothing else */
export async function inspect(serial: string, deps: HostDeps, context: StepContext): Promise<HostVerdict> {
  const drifts: HostDrift[] = [];
  try {
    const access = await deps.hosts(serial);
    const generation = await generationOf(access, context.signal);
    if (generation === undefined) {
      return {
        serial,
        drifts: [{ step: 'host.verify-identity', wanted: 'it was onboarded', found: 'it was never onboarded' }],
      };
    }
    for (const { step, wanted, look: see } of inspectedOf(access)) {
      try {
        drifts.push(...driftsOf(step, wanted, await see({ serial, generation }, deps, context)));
      } catch (error) {
        if (context.signal.aborted || troubleOf(error).code === 'SSH_FAILED') throw error;
        drifts.push({ step, wanted, found: wordsOf(error) });
      }
    }
    return { serial, ...(await quarantinedOf(access, deps, context.signal)), drifts: drifts.slice(0, mostDrifts) };
  } catch (error) {
    context.signal.throwIfAborted();
    const found = wordsOf(error);
    return {
      serial,
      unanswered: true,
      drifts: [...drifts, { step: 'host.inspect-hosts', wanted: 'it can be asked', found }],
    };
  }
}

/** Which life of the machine it is, as the host itself keeps it. */
async function generationOf({ ssh }: HostAccess, signal: AbortSignal): Promise<number | undefined> {
  const { record } = await look(ssh, { record: readRecord }, { signal });
  return recordOf(record, ssh.where)?.generation;
}

function driftsOf(step: string, wanted: string, seen: Probe<unknown>): HostDrift[] {
  if (step === 'host.harden-host') return controlDrifts(seen.observed as Conformance);
  if (seen.verdict === 'done') return [];
  // A quarantine is the answer to a drift, and not one itself.
  if (step === 'host.admit-node' && seen.verdict === 'todo' && onlyQuarantined(seen.observed)) return [];
  return [{ step, wanted, found: seen.summary.slice(0, longest) }];
}

function onlyQuarantined(observed: unknown): boolean {
  const { quarantined, onboarding, flaws } = observed as {
    quarantined: boolean;
    onboarding: boolean;
    flaws: readonly string[];
  };
  return quarantined && !onboarding && flaws.length === 0;
}

/** What waits for a reboot is the next step's to say. */
function controlDrifts({ controls }: Conformance): HostDrift[] {
  return Object.entries(controls).flatMap(([name, { wanted, flaw }]) =>
    flaw && flaw.cure !== 'reboot' ? [{ step: `control ${name}`, wanted, found: flaw.what.slice(0, longest) }] : [],
  );
}

async function quarantinedOf(
  { serial, config }: HostAccess,
  { nodes }: HostDeps,
  signal: AbortSignal,
): Promise<{ quarantined?: true }> {
  try {
    const node = await nodes(serial, signal).get(config.node);
    return node && hasTaint(node, quarantineTaint) ? { quarantined: true } : {};
  } catch {
    // Its registration says so already.
    return {};
  }
}

function wordsOf(error: unknown): string {
  const { code, message } = troubleOf(error);
  return `${code}: ${message}`.slice(0, longest);
}
