import type { GuardEvent, GuardFinding, GuardKnowledge, GuardLag, GuardSample } from '../../../runs/index.ts';
import type { NodeRef } from '../group/types.ts';
import { sameAddress } from '../group/roles.ts';

/** One thing that a watch took in. */
export type WatchTick =
  | { kind: 'sample'; sample: GuardSample; lags: readonly GuardLag[] }
  /** No answer to a probe. */
  | { kind: 'silent'; node: string; at: string; why: string }
  /** No offset could be read, for another reason than silence. `answered`: the node that said so. */
  | { kind: 'trouble'; code: string; message: string; answered?: string }
  /** All nodes were compared with the platform file. */
  | { kind: 'audited'; at: string; findings: readonly GuardFinding[] };

export type WatchState = {
  known: GuardKnowledge;
  /** Probes without an answer in a row, and of which node. */
  silence?: { node: string; since: string; probes: number };
  /** Ticks in a row that gave neither a sample nor silence. */
  troubles: number;
  /** What the last audit said, confirmed or not. */
  lastAudit: readonly GuardFinding[];
  /** Nothing was known of this group when the watch began. */
  first: boolean;
};

/** The place of the finding that no offset can be read. */
const sampling = 'sampling';

/** More would not be read by anybody, and the history keeps each. */
const mostFindings = 30;

/** What is known → the state of a new watch. */
export function beginWatch(known: GuardKnowledge): WatchState {
  const troubled = known.findings.some(isSampling);
  return {
    known,
    troubles: troubled ? Infinity : 0,
    lastAudit: known.findings.filter((one) => !isSampling(one)),
    first: known.primary === undefined && known.auditedAt === undefined,
  };
}

/**
 * One tick → the next state, and the event if it is one: what people or the guard must know now. A blip is none: silence
 * and trouble count after `probes` ticks in a row, a finding when two audits in a row have it, or lack it. Pure.
 */
export function stepWatch(
  state: WatchState,
  tick: WatchTick,
  probes: number,
): { state: WatchState; event?: Exclude<GuardEvent, 'slice' | 'interrupted'> } {
  switch (tick.kind) {
    case 'sample':
      return onSample(state, tick.sample, tick.lags);
    case 'silent':
      return onSilence(state, tick, probes);
    case 'trouble':
      return onTrouble(state, tick, probes);
    case 'audited':
      return onAudit(state, tick);
  }
}

/** Whether the last audit said something else than what is known: the next one should come soon. */
export function needsConfirmation({ known, lastAudit }: WatchState): boolean {
  return !sameFindings(lastAudit, auditedOf(known));
}

/** The replicas of a primary as it lists them, by their names in the platform file where they have one. */
export function lagsOf(
  offset: number,
  replicas: readonly { host: string; port: number; online: boolean; ackedOffset: number; ackedSecondsAgo: number }[],
  nodes: readonly NodeRef[],
): GuardLag[] {
  return replicas.map(({ host, port, online, ackedOffset, ackedSecondsAgo }) => ({
    replica: nodes.find((node) => sameAddress(node, { host, port }))?.name ?? `${host}:${port}`,
    online,
    lagBytes: Math.max(0, offset - ackedOffset),
    ackedSecondsAgo,
  }));
}

type Step = ReturnType<typeof stepWatch>;

function onSample(state: WatchState, sample: GuardSample, lags: readonly GuardLag[]): Step {
  const { silent, auditedAt, ...known } = state.known;
  const changed = known.primary !== undefined && known.primary !== sample.node;
  const next: WatchState = {
    ...unbroken(state),
    troubles: 0,
    known: {
      ...known,
      primary: sample.node,
      last: sample,
      lags,
      findings: auditedOf(state.known),
      // Another primary: everything is to be compared again.
      ...(auditedAt === undefined || changed ? {} : { auditedAt }),
    },
  };
  if (changed) return { state: next, event: 'primary-changed' };
  if (silent) return { state: next, event: 'answers' };
  return known.findings.some(isSampling) ? { state: next, event: 'findings' } : { state: next };
}

function onSilence(state: WatchState, { node, at, why }: WatchTick & { kind: 'silent' }, probes: number): Step {
  const before = state.silence?.node === node ? state.silence : { since: at, probes: 0 };
  const silence = { node, since: before.since, probes: before.probes + 1 };
  const next: WatchState = { ...state, silence, troubles: state.troubles === Infinity ? Infinity : 0 };
  if (silence.probes < probes || state.known.silent?.node === node) return { state: next };
  return { state: { ...next, known: { ...next.known, silent: { node, since: silence.since, why } } }, event: 'silent' };
}

function onTrouble(
  state: WatchState,
  { code, message, answered }: WatchTick & { kind: 'trouble' },
  probes: number,
): Step {
  const rest = unbroken(state);
  const { silent, ...unsilent } = state.known;
  const back = silent !== undefined && silent.node === answered;
  const known = back ? unsilent : state.known;
  const troubles = state.troubles + 1;
  if (back) return { state: { ...rest, troubles, known }, event: 'answers' };
  const reported = known.findings.some((one) => isSampling(one) && one.code === code);
  if (troubles < probes || reported) return { state: { ...rest, troubles, known } };
  const findings = [...auditedOf(known), { code, message, place: sampling }];
  return { state: { ...rest, troubles, known: { ...known, findings } }, event: 'findings' };
}

/** While the primary is silent an audit says nothing new: a dead node is no drift. */
function onAudit(state: WatchState, { at, findings }: WatchTick & { kind: 'audited' }): Step {
  if (state.silence || state.known.silent) return { state };
  const had = auditedOf(state.known);
  const seen = findings.slice(0, mostFindings);
  const inLast = keysOf(state.lastAudit);
  const known = keysOf(had);
  const inThis = keysOf(seen);
  const confirmed = [
    ...seen.filter((one) => known.has(key(one)) || inLast.has(key(one))),
    ...had.filter((one) => !inThis.has(key(one)) && inLast.has(key(one))),
  ];
  const next: WatchState = {
    ...state,
    lastAudit: seen,
    known: {
      ...state.known,
      auditedAt: at,
      findings: [...confirmed, ...state.known.findings.filter(isSampling)],
    },
  };
  if (!sameFindings(confirmed, had)) return { state: next, event: 'findings' };
  return state.first && sameFindings(seen, confirmed) ? { state: next, event: 'first-look' } : { state: next };
}

/** The same without the silence that an answer ends. */
function unbroken({ known, troubles, lastAudit, first }: WatchState): WatchState {
  return { known, troubles, lastAudit, first };
}

function isSampling({ place }: GuardFinding): boolean {
  return place === sampling;
}

function auditedOf({ findings }: GuardKnowledge): GuardFinding[] {
  return findings.filter((one) => !isSampling(one));
}

function key({ code, place }: GuardFinding): string {
  return place === undefined ? code : `${code}@${place}`;
}

function keysOf(findings: readonly GuardFinding[]): Set<string> {
  return new Set(findings.map(key));
}

function sameFindings(a: readonly GuardFinding[], b: readonly GuardFinding[]): boolean {
  const [left, right] = [keysOf(a), keysOf(b)];
  return left.size === right.size && [...left].every((one) => right.has(one));
}
