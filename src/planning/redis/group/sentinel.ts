import type { ActionOf, PlannedStep } from '../../../runs/index.ts';
import type { SeenNode } from './roles.ts';
import { primariesOf, sameAddress, seenNodes } from './roles.ts';
import type { Finding, GroupFacts, GroupIntent, PriorityChange, SentinelData, SentinelFacts } from './types.ts';

/** A pause of about 1.5 s silences a Sentinel's own link to the primary: shorter ones would count it as down. */
const shortDownAfterMs = 2_000;

/** Codes of a Sentinel that is not there: the others may do without it, CKQUORUM says so. */
const absent: readonly Finding['code'][] = ['REDIS_UNREACHABLE', 'REDIS_TIMEOUT'];

/** What the Sentinels have against a handover; that there are any, if the platform file does not know of them. */
export function sentinelFindings(facts: GroupFacts): Finding[] {
  const { sentinels } = facts;
  if (!sentinels) {
    return seenNodes(facts)
      .filter(({ reading }) => reading.sentinelListens)
      .map(({ name }) => ({
        code: 'REDIS_SENTINEL_PRESENT',
        message: `a Sentinel listens on ${name}, and the platform file names no Sentinels for this group`,
        place: name,
      }));
  }
  const noneAnswers = sentinels.every(({ reading }) => !reading);
  const [primary, ...more] = primariesOf(facts);
  return sentinels.flatMap(({ name, reading, problem }): Finding[] => {
    const at = (code: Finding['code'], message: string): Finding => ({ code, message, place: `sentinel ${name}` });
    if (problem) return noneAnswers || !absent.includes(problem.code) ? [at(problem.code, problem.message)] : [];
    const findings: Finding[] = [];
    if (!reading.hasQuorum) findings.push(at('SENTINEL_NO_QUORUM', `${name}: ${reading.quorumAnswer}`));
    if (reading.tilt) findings.push(at('SENTINEL_TILT', `${name} is in TILT`));
    if (reading.failoverInProgress) {
      findings.push(at('SENTINEL_FAILOVER_IN_PROGRESS', `${name} is in the middle of a failover`));
    } else if (primary && !more.length && !sameAddress(reading.primary, primary)) {
      const told = `${reading.primary.host}:${reading.primary.port}`;
      findings.push(at('SENTINEL_DISAGREES', `${name} names ${told}, the primary is ${primary.name}`));
    } else if (reading.isDown) {
      findings.push(at('SENTINEL_DISAGREES', `${name} counts the primary as down`));
    }
    return findings;
  });
}

/** What those who approve should know of the Sentinels. */
export function sentinelWarnings({ sentinels = [] }: GroupFacts): string[] {
  return sentinels.flatMap(({ name, reading, problem }) => {
    if (problem) return [`the Sentinel ${name} does not answer: ${problem.message}`];
    if (reading.downAfterMs >= shortDownAfterMs) return [];
    return [
      `down-after-milliseconds is ${reading.downAfterMs} on ${name}: a write pause of 1–2 s may look like a dead primary there`,
    ];
  });
}

/** What the steps under Sentinel need; nothing without Sentinels. */
export function sentinelData(
  intent: GroupIntent,
  { sentinels }: GroupFacts,
  candidate: SeenNode,
  siblings: readonly SeenNode[],
): SentinelData | undefined {
  if (!intent.sentinel || !sentinels) return undefined;
  const { master, pauseMs } = intent.sentinel;
  const configEpoch = Math.max(0, ...sentinels.map(({ reading }) => reading?.configEpoch ?? 0));
  return { master, pauseMs, configEpoch, priorities: preferring(candidate, siblings) };
}

/**
 * The priorities under which Sentinels can choose nobody but the candidate: they take the lowest that isn't 0, and only
 * among equals the highest offset. One step below the others, on the candidate alone, where there is room for it.
 */
function preferring(candidate: SeenNode, siblings: readonly SeenNode[]): PriorityChange[] {
  const change = ({ name, reading }: SeenNode, during: number): PriorityChange[] =>
    reading.priority === during ? [] : [{ name, before: reading.priority, during }];
  const rivals = siblings.filter(({ reading }) => reading.priority > 0);
  const lowest = Math.min(...rivals.map(({ reading }) => reading.priority));
  if (candidate.reading.priority < lowest) return [];
  if (lowest > 1) return change(candidate, lowest - 1);
  return [
    ...change(candidate, 1),
    ...rivals.filter(({ reading }) => reading.priority === 1).flatMap((node) => change(node, 2)),
  ];
}

export function preferAction({ priorities }: SentinelData, to: string): ActionOf<'redis.switchover'> {
  const changes = priorities.map(({ name, before, during }) => `${name} ${before} → ${during}`).join(', ');
  const what = changes
    ? `replica-priority: ${changes}, until afterwards: so the Sentinels choose ${to}; they notice within 10 s`
    : `see that the Sentinels can choose nobody but ${to} (replica-priority)`;
  return { step: 'redis.prefer-candidate', what, reversible: true };
}

export function afterSentinel({ priorities }: SentinelData, to: string): ActionOf<'redis.switchover'>[] {
  const action = (step: PlannedStep<'redis.switchover'>, what: string) => ({ step, what, reversible: false });
  const restored = priorities.map(({ name, before }) => `${name} ${before}`).join(', ');
  return [
    action('redis.restore-priorities', restored ? `replica-priority: ${restored}` : 'no replica-priority was changed'),
    action('redis.prove-sentinels', `prove: every Sentinel names ${to}, none is failing over, one config epoch`),
  ];
}

/** One line for the plan. */
export function sentinelWords(sentinels: readonly SentinelFacts[]): string {
  const seen = sentinels.flatMap(({ reading }) => reading ?? []);
  const [first] = seen;
  if (!first) return `none of ${sentinels.length} answers`;
  return `${seen.length} of ${sentinels.length} answer; ${first.quorumAnswer}; config epoch ${first.configEpoch}, down-after ${first.downAfterMs} ms`;
}

/** What the watch over a group needs where the Sentinels are not asked to change anything: nobody's priority is touched. */
export function sentinelOfToday(intent: GroupIntent, { sentinels }: GroupFacts): SentinelData | undefined {
  if (!intent.sentinel || !sentinels) return undefined;
  const { master, pauseMs } = intent.sentinel;
  // The proof asks for a newer config epoch than this: today's own is right.
  const configEpoch = Math.max(0, ...sentinels.map(({ reading }) => reading?.configEpoch ?? 0)) - 1;
  return { master, pauseMs, configEpoch, priorities: [] };
}
