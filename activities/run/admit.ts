import { problem, refusal } from '../../src/errors/index.ts';
import type { Problem } from '../../src/errors/index.ts';
import { freezeAt, policyFor, windowState } from '../../src/platform/index.ts';
import type { LoadedPlatform } from '../../src/platform/index.ts';
import { validateInput } from '../../src/registry/index.ts';
import type { Admission, ControlActivities, Kind, RunPolicy } from '../../src/runs/index.ts';
import { runId, startedBy } from '../../src/runs/index.ts';
import { plainActivity } from '../../src/steps/index.ts';

/** Whether a run may start: its whole input, the policy, the freeze and the window. Every problem at once. */
export function createAdmit(platform: LoadedPlatform): ControlActivities['admit'] {
  return plainActivity(async ({ kind, input }) => {
    const policy = policyOf(platform, kind);
    const problems = [
      ...validateInput(kind, input),
      ...(isDryRun(input) ? [] : gateProblems(platform, kind, Date.now(), targetOf(kind, input))),
    ];
    if (policy.approval.people === 2) {
      problems.push(problem('POLICY_UNSUPPORTED', `the policy of ${kind} asks for two approvers`, 'policies'));
    }
    if (problems.length > 0) throw refusal(problems);
    return { policy, platformDigest: platform.digest } satisfies Admission;
  });
}

/** Freeze and window again, after an approval and after a pause. */
export function createCheckGates(platform: LoadedPlatform): ControlActivities['checkGates'] {
  return plainActivity(async ({ kind, target }) => {
    const problems = gateProblems(platform, kind, Date.now(), target);
    if (problems.length > 0) throw refusal(problems);
  });
}

/** A run that another one starts is covered by that one's approval, whatever the file says. */
function policyOf({ platform }: LoadedPlatform, kind: Kind): RunPolicy {
  const policy = policyFor(platform, kind);
  return startedBy(kind) === undefined ? policy : { ...policy, approval: { ...policy.approval, people: 0 } };
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
