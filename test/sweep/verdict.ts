import type { Attempt } from './attempt.ts';
import { compare } from './scene.ts';

/** What an undisturbed run leaves: the measure of all others. */
export type Baseline = { effects: readonly string[]; state: unknown };

/** What is said of one point. */
export type Verdict = {
  faults: readonly string[];
  duplicated: readonly string[];
  missing: readonly string[];
  twoPrimaries: boolean;
  acked: number;
  lost: number;
};

/** Compares a run with an undisturbed one. */
export function judge(attempt: Attempt, baseline: Baseline): Verdict {
  const { findings, outcome } = attempt;
  if (!findings) return { faults: [outcome], duplicated: [], missing: [], twoPrimaries: false, acked: 0, lost: 0 };
  const { duplicated, missing } = compare(findings.effects, baseline.effects);
  const { lost, acked, onOldAfterNew } = findings;
  return {
    duplicated,
    missing,
    twoPrimaries: onOldAfterNew > 0,
    acked,
    lost,
    faults: [
      ...(outcome === 'done' ? [] : [`outcome: ${outcome}`]),
      ...(duplicated.length > 0 ? [`duplicated: ${duplicated.join(', ')}`] : []),
      ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
      ...differences(baseline.state, findings.state, ''),
      ...(onOldAfterNew > 0
        ? [`two primaries: ${onOldAfterNew} writes acknowledged by the old one after the new one's first`]
        : []),
      ...(lost > 0 ? [`${lost} of ${acked} acknowledged writes lost`] : []),
    ],
  };
}

/** Where two states differ, leaf by leaf. */
function differences(wanted: unknown, found: unknown, path: string): string[] {
  if (isRecord(wanted) && isRecord(found)) {
    const keys = [...new Set([...Object.keys(wanted), ...Object.keys(found)])];
    return keys.flatMap((key) => differences(wanted[key], found[key], path ? `${path}.${key}` : key));
  }
  const [a, b] = [JSON.stringify(wanted), JSON.stringify(found)];
  return a === b ? [] : [`state: ${path} is ${b ?? 'missing'}, not ${a ?? 'missing'}`];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
