import { cutText, excerptOf } from './excerpt.ts';
import type { OperatorAction, PlanView, StepRecord, TroubleRecord } from './report.ts';
import { isKept, jsonBytes, payloadLimits } from './stored.ts';

const textCharacters = 300;
const messageCharacters = 2_000;
const shownProblems = 30;
const shownActions = 60;

/** A trouble that fits beside others: what is too much is counted. */
export function boundTrouble(trouble: TroubleRecord): TroubleRecord {
  const { problems, evidence } = trouble;
  const more = problems.length - shownProblems;
  const shown = problems
    .slice(0, shownProblems)
    .map((one) => ({ ...one, message: cutText(one.message, textCharacters) }));
  const last = shown.at(-1);
  return {
    ...trouble,
    message: cutText(trouble.message, messageCharacters),
    problems: more > 0 && last ? [...shown, { ...last, message: `and ${more} more problems` }] : shown,
    evidence: boundEvidence(evidence),
  };
}

function boundEvidence(evidence: TroubleRecord['evidence']): TroubleRecord['evidence'] {
  if (jsonBytes(evidence) <= payloadLimits.evidence) return evidence;
  return { excerpt: excerptOf(evidence) };
}

/** What people did, the newest; their words are theirs, and as long as they like. */
export function boundActions(actions: readonly OperatorAction[]): readonly OperatorAction[] {
  return actions.slice(-shownActions).map((one) => ({
    ...one,
    by: cutText(one.by, textCharacters),
    ...(one.reason === undefined ? {} : { reason: cutText(one.reason, textCharacters) }),
    ...(one.note === undefined ? {} : { note: cutText(one.note, textCharacters) }),
  }));
}

/** Ever less of a plan, until it fits. */
const planCuts = [
  { lines: 60, characters: 300 },
  { lines: 20, characters: 120 },
  { lines: 3, characters: 60 },
] as const;

/** A plan as it is shown: the hash is that of the whole. What does not fit is counted. */
export function boundPlan(plan: PlanView, bytes: number): PlanView {
  if (jsonBytes(plan) <= bytes) return plan;
  const bare = { ...plan };
  delete bare.picture;
  if (jsonBytes(bare) <= bytes) return bare;
  for (const cut of planCuts) {
    const short = cutPlan(bare, cut);
    if (jsonBytes(short) <= bytes) return short;
  }
  return {
    ...bare,
    title: cutText(bare.title, 60),
    actions: [],
    facts: [],
    warnings: [],
    irreversible: [],
    voidIf: [],
  };
}

function cutPlan(plan: PlanView, { lines, characters }: (typeof planCuts)[number]): PlanView {
  const line = (what: string): string => cutText(what, characters);
  const first = <T>(all: readonly T[], short: (one: T) => T, rest: (more: number) => T): T[] => {
    const more = all.length - lines;
    const shown = all.slice(0, lines).map(short);
    return more > 0 ? [...shown, rest(more)] : shown;
  };
  const texts = (all: readonly string[]): string[] => first(all, line, (more) => `and ${more} more`);
  return {
    ...plan,
    title: line(plan.title),
    actions: first(
      plan.actions,
      (action) => ({ ...action, what: line(action.what) }),
      (more) => ({ step: '', reversible: true, what: `and ${more} more` }),
    ),
    facts: first(
      plan.facts,
      ({ label, value }) => ({ label: line(label), value: line(value) }),
      (more) => ({ label: 'more', value: String(more) }),
    ),
    warnings: texts(plan.warnings),
    irreversible: texts(plan.irreversible),
    voidIf: texts(plan.voidIf),
  };
}

/** Steps as they are shown: the newest, with as much of their evidence as fits. */
export type ShownSteps = {
  steps: readonly StepRecord[];
  /** So many older ones are left out. */
  stepsBefore?: number;
  /** So many of those shown are without their evidence. */
  evidenceLeftOut?: number;
};

/** The newest steps that fit into so many bytes of JSON, and as much of their evidence as fits beside them. */
export function boundSteps(all: readonly StepRecord[], bytes: number): ShownSteps {
  const sizes = all.map((record) => jsonBytes(bare(record)) + 1);
  let left = bytes;
  let from = all.length;
  while (from > 0 && (sizes[from - 1] ?? 0) <= left) left -= sizes[(from -= 1)] ?? 0;
  let leftOut = 0;
  const steps: StepRecord[] = [];
  for (const record of all.slice(from).reverse()) {
    const plain = bare(record);
    const weight = hasEvidence(record) ? jsonBytes({ before: record.before, after: record.after }) : 0;
    const fits = weight <= left;
    if (fits) left -= weight;
    else leftOut += 1;
    steps.push(fits ? withEvidence(plain, record) : plain);
  }
  return {
    steps: steps.reverse(),
    ...(from > 0 ? { stepsBefore: from } : {}),
    ...(leftOut > 0 ? { evidenceLeftOut: leftOut } : {}),
  };
}

/** Without what was seen: for those who ask what became of a decision. */
export function withoutEvidence(record: StepRecord): StepRecord {
  return bare(record);
}

function bare({ before: _before, after: _after, ...record }: StepRecord): StepRecord {
  return {
    ...record,
    title: cutText(record.title, textCharacters),
    ...(record.summary === undefined ? {} : { summary: cutText(record.summary, textCharacters) }),
    ...(record.note === undefined ? {} : { note: cutText(record.note, textCharacters) }),
  };
}

function withEvidence(plain: StepRecord, { before, after }: StepRecord): StepRecord {
  return { ...plain, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

function hasEvidence({ before, after }: StepRecord): boolean {
  return before !== undefined || after !== undefined;
}

/** Evidence that is small enough to be kept as it is, or what stands in for it. */
export function inlineEvidence(observed: unknown): unknown {
  if (observed === undefined || isKept(observed) || jsonBytes(observed) <= payloadLimits.evidence) return observed;
  return { kept: 'excerpt', excerpt: excerptOf(observed), problem: 'larger than a record holds' };
}
