import type { DriftVerdict, Finding } from '../../../src/runs/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';

/** A part of a region, and how a step of a rollout would find it. */
export type PartLook = { place: string; look: () => Promise<Probe<unknown>> };

/** Looks at each part as a rollout does: what that one would do, or would not dare to, is different. */
export async function lookAtAll(looks: readonly PartLook[], { progress }: StepContext): Promise<DriftVerdict> {
  const findings: Finding[] = [];
  for (const [index, { place, look }] of looks.entries()) {
    const seen = await look();
    const code = seen.verdict === 'blocked' ? seen.code : 'REGION_DRIFT';
    if (seen.verdict !== 'done') findings.push({ code, message: seen.summary, place });
    progress({ looked: index + 1 });
  }
  return { compared: looks.length, findings };
}
