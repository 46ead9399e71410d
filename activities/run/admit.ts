import { activityInfo } from '@temporalio/activity';
import { entryOf, GantryError, problem, refusal } from '../../src/errors/index.ts';
import type { Problem } from '../../src/errors/index.ts';
import { freezeAt, hostRegion, policyFor, windowState } from '../../src/platform/index.ts';
import type { LoadedPlatform } from '../../src/platform/index.ts';
import { validateInput } from '../../src/registry/index.ts';
import type { AuditLog } from '../../src/audit/index.ts';
import type { Admission, ControlActivities, ItemRef, Kind, RunInput, RunPolicy } from '../../src/runs/index.ts';
import { domainOf, isEmergency, runId, startedBy } from '../../src/runs/index.ts';
import { plainActivity } from '../../src/steps/index.ts';

/** What admission asks of the Temporal server about the workflow that started a run. */
export type ParentLooks = {
  covered: (kind: Kind, parent: ItemRef) => Promise<boolean>;
  /** Who asked, if the parent is a request that the API has signed. */
  requester: (call: { kind: Kind; input: unknown }, parent: ItemRef) => Promise<string | undefined>;
};

/**
 * Whether a run may start: its whole input, the policy, the freeze and the window. Every problem at once. That it was asked
 * for, and what became of it, is written to the audit.
 */
export function createAdmit(platform: LoadedPlatform, looks: ParentLooks, audit: AuditLog): ControlActivities['admit'] {
  const decide = createDecision(platform, looks);
  return plainActivity(async (call) => {
    try {
      const admission = await decide(call);
      await audit.append({ ...started(call, admission.requester), outcome: 'done' }).catch((error: unknown) => {
        // What cannot be recorded is not started. An outage does not wait for a disk, and a dry run changes nothing.
        if (!isEmergency(call.kind) && !isDryRun(call.input)) throw error;
      });
      return admission;
    } catch (error) {
      if (error instanceof GantryError && !entryOf(error.code).retryable) {
        const line = { ...started(call), outcome: 'refused', code: error.code, reason: error.message } as const;
        await audit.append(line).catch(() => undefined);
      }
      throw error;
    }
  });
}

type AdmitCall = Parameters<ControlActivities['admit']>[0];

/** The start of a run as a line of the audit. Who asks is what the input says, unless the API has signed it. */
function started({ kind, input }: AdmitCall, requester?: string) {
  const { workflowExecution } = activityInfo();
  const asked: RunInput = typeof input === 'object' && input !== null ? input : {};
  const said = typeof asked.requestedBy === 'string' ? asked.requestedBy : 'unknown';
  const target = targetOf(kind, input);
  return {
    ...({ by: requester ?? said, act: isDryRun(input) ? 'dry-run' : 'start', via: 'run', kind } as const),
    ...(target === undefined ? {} : { target }),
    ...(workflowExecution ?? {}),
    id: `${workflowExecution?.runId ?? ''}/start`,
  };
}

function createDecision(
  platform: LoadedPlatform,
  { covered, requester: whoAsked }: ParentLooks,
): (call: AdmitCall) => Promise<Admission> {
  return async ({ kind, input, startedBy: parent }) => {
    const isPart = startedBy(kind) !== undefined || (parent !== undefined && (await covered(kind, parent)));
    const policy = policyOf(platform, kind, isPart);
    const problems = [
      ...validateInput(kind, input),
      ...(isDryRun(input) ? [] : gateProblems(platform, kind, Date.now(), targetOf(kind, input))),
    ];
    if (policy.approval.signed && !isPart && platform.platform.approvals.keys.length === 0) {
      const what = policy.approval.people === 2 ? 'two approvers' : 'signed approvals';
      const message = `the policy of ${kind} asks for ${what}, and approvals.keys of the platform file is empty`;
      problems.push(problem('POLICY_UNSUPPORTED', message, 'approvals.keys'));
    }
    if (problems.length > 0) throw refusal(problems);
    const region = domainOf(kind) === 'host' ? hostRegion(platform.platform, targetOf(kind, input) ?? '') : undefined;
    const requester = parent && policy.approval.signed ? await whoAsked({ kind, input }, parent) : undefined;
    return {
      policy,
      ...(region === undefined ? {} : { region }),
      ...(requester === undefined ? {} : { requester }),
    };
  };
}

/** Freeze and window again, after an approval and after a pause. */
export function createCheckGates(platform: LoadedPlatform): ControlActivities['checkGates'] {
  return plainActivity(async ({ kind, target }) => {
    const problems = gateProblems(platform, kind, Date.now(), target);
    if (problems.length > 0) throw refusal(problems);
  });
}

/** A run that another one starts is covered by that one's approval, whatever the file says. */
function policyOf({ platform }: LoadedPlatform, kind: Kind, isPart: boolean): RunPolicy {
  const policy = policyFor(platform, kind);
  return isPart ? { ...policy, approval: { ...policy.approval, people: 0 } } : policy;
}

/** A dry run changes nothing: it may be made at any time. */
function isDryRun(input: unknown): boolean {
  return typeof input === 'object' && input !== null && (input as { dryRun?: unknown }).dryRun === true;
}

/** What a run with this input is about; nothing where its input doesn't say. */
function targetOf(kind: Kind, input: unknown): string | undefined {
  const identity = runId(kind, input);
  return identity.ok ? identity.target : undefined;
}

function gateProblems({ platform }: LoadedPlatform, kind: Kind, atMs: number, target: string | undefined): Problem[] {
  const problems: Problem[] = [];
  const freeze = freezeAt(platform, kind, atMs, target);
  if (freeze) {
    problems.push(
      problem('CHANGE_FREEZE', `change freeze "${freeze.name}" until ${freeze.to}: ${freeze.reason}`, 'freezes'),
    );
  }
  const window = windowState(platform, kind, atMs);
  if (window.required && !window.open) {
    const next = window.nextOpensAt ? `; it opens next at ${window.nextOpensAt}` : '';
    problems.push(
      problem('OUTSIDE_MAINTENANCE_WINDOW', `${kind} runs only in window "${window.window.name}"${next}`, 'windows'),
    );
  }
  return problems;
}
