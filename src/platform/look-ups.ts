import type { ProfileName, RunPolicy } from '../runs/index.ts';
import { defaultPolicy, profileNames } from '../runs/index.ts';
import type { Freeze, MaintenanceWindow } from './schema/calendar.ts';
import { covers } from './schema/kind-names.ts';
import type { Platform } from './schema/platform.ts';
import type { PolicyPart } from './schema/policies.ts';
import { isOpenAt, nextOpening } from './window-hours.ts';

/** The policy of a kind of run: Gantry's defaults, then the file's `default`, then `<domain>.*`, then the kind itself. */
export function policyFor(platform: Platform, kind: string): RunPolicy {
  const policy = policyParts(platform, kind).reduce(narrowed, defaultPolicy);
  const { people, expiresAfterMs } = policy.approval;
  return {
    ...policy,
    approval: { people, expiresAfterMs, ...(isSigned(platform, policy) ? { signed: true } : {}) },
  };
}

/** Two people are told apart by signed approvals alone. Else the policy says, and what it leaves open the keys say. */
function isSigned({ approvals }: Platform, { approval: { people, signed } }: RunPolicy): boolean {
  return people === 2 || (signed ?? approvals.keys.length > 0);
}

/**
 * The freeze that forbids a run of `kind` over `target` at `atMs`: of several, the one that ends last. One over a cluster holds
 * for its tables; a run whose target nobody knows is under every freeze.
 */
export function freezeAt(
  platform: Platform,
  kind: string,
  atMs: number,
  target: string | undefined,
): Freeze | undefined {
  const within = (whole: string): boolean => target === undefined || target === whole || target.startsWith(`${whole}/`);
  return platform.freezes
    .filter(({ from, to }) => Date.parse(from) <= atMs && atMs < Date.parse(to))
    .filter(({ kinds }) => kinds === undefined || kinds.some((selector) => covers(selector, kind)))
    .filter(({ targets }) => targets === undefined || targets.some(within))
    .sort((a, b) => Date.parse(b.to) - Date.parse(a.to))[0];
}

/** Whether a kind of run needs a maintenance window, and whether it is open. `nextOpensAt`: an ISO instant, when closed. */
export type WindowState =
  { required: false } | { required: true; open: boolean; window: MaintenanceWindow; nextOpensAt?: string };

/** Whether the policy of `kind` asks for a maintenance window, and whether it is open at `atMs`. */
export function windowState(platform: Platform, kind: string, atMs: number): WindowState {
  const wanted = policyParts(platform, kind).findLast((part) => part.window !== undefined)?.window;
  const window = platform.windows.find(({ name }) => name === wanted);
  if (!window) return { required: false };
  if (isOpenAt(window, atMs)) return { required: true, open: true, window };
  const next = nextOpening(window, atMs);
  return {
    required: true,
    open: false,
    window,
    ...(next === undefined ? {} : { nextOpensAt: new Date(next).toISOString() }),
  };
}

/** From the widest to the narrowest. */
function policyParts({ policies }: Platform, kind: string): PolicyPart[] {
  const byKind = Object.entries(policies.kinds)
    .filter(([selector]) => covers(selector, kind))
    .sort(([a], [b]) => Number(a === kind) - Number(b === kind));
  return [policies.default, ...byKind.map(([, part]) => part)];
}

function narrowed(wide: RunPolicy, part: PolicyPart): RunPolicy {
  const profile = (name: ProfileName) => ({ ...wide.profiles[name], ...part.profiles?.[name] });
  return {
    approval: { ...wide.approval, ...part.approval },
    remindEveryMs: part.remindEveryMs ?? wide.remindEveryMs,
    soak: { ...wide.soak, ...part.soak },
    profiles: Object.fromEntries(profileNames.map((name) => [name, profile(name)])) as RunPolicy['profiles'],
  };
}
