import type { Plan } from './plan.ts';

/** More would fill a notice and say no more. */
const listed = 12;
const shownLength = 80;

/** What two plans would do otherwise, a line each: `data.handover.pauseMs: 3000 → 5000`. Readings are left out. */
export function planDifferences(before: Plan<unknown>, after: Plan<unknown>): string[] {
  const all = differences(lasting(before), lasting(after), '');
  const more = all.length - listed;
  return more > 0 ? [...all.slice(0, listed), `and ${more} more`] : all;
}

function lasting({ title, actions, irreversible, voidIf, data, policy }: Plan<unknown>): unknown {
  return { title, actions, irreversible, voidIf, data, policy };
}

function differences(before: unknown, after: unknown, at: string): string[] {
  if (isBranch(before) && isBranch(after) && Array.isArray(before) === Array.isArray(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differences(before[key], after[key], at === '' ? key : `${at}.${key}`));
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const [was, is] = [shown(before), shown(after)];
  return [`${at}: ${was} → ${is}`];
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value);
  return text.length > shownLength ? `${text.slice(0, shownLength - 1)}…` : text;
}
