import type { ErrorCode } from '../../../errors/index.ts';
import type {
  BackupObject,
  ManifestHeader,
  PlanDraft,
  PlannedAction,
  PlannedStep,
  RestoreData,
  RestoreObject,
  RestorePart,
  Stored,
} from '../../../runs/index.ts';
import type { Prices, Spending } from './money.ts';
import { costOf, moneyWords } from './money.ts';
import { partWords } from './parts.ts';
import { heldOf, lossOf } from './pick.ts';
import { chooseTiers } from './tiers.ts';
import type { PhaseTimes } from './times.ts';
import { copyDays, phaseTimes } from './times.ts';

type Finding = { code: ErrorCode; message: string; place?: string };

/** What was read, and what the platform file says. */
export type RestoreFacts = {
  archive: string;
  what: string;
  header: ManifestHeader;
  parts: readonly RestorePart[];
  /** With the storage class that HEAD shows now. */
  objects: readonly BackupObject[];
  passedOver: readonly string[];
  /** What is lost is counted to this instant. Milliseconds since the epoch. */
  lostAtMs: number;
  /** What was tried and is in the way: a permission, a key, a rule of the bucket, a disk. */
  findings: readonly Finding[];
  warnings: readonly string[];
};

/** `verb`: what the run does, as its title says it. `tail`: what follows the proof, before staging is cleared. */
export type RestoreIntent<S extends string> = {
  prices: Prices;
  deadlineMs: number;
  expiryMarginMs: number;
  verb: string;
  tail: readonly PlannedAction<S>[];
};

/** The steps that a restore and a drill have in common: all but what follows the proof. */
export type RecoveryStep = PlannedStep<'archive.restore'> & PlannedStep<'archive.drill'>;

/** A plan that lacks only where its list of objects is stored. */
export type RestoreDraft<S extends string> = {
  objects: readonly RestoreObject[];
  finish: (stored: Stored<RestoreObject>) => PlanDraft<RestoreData, S>;
};

const hour = 3_600_000;

/** Tiers, days, money and what is lost. Pure; every finding at once. */
export function planRecovery<S extends string>(
  facts: RestoreFacts,
  intent: RestoreIntent<S>,
): { ok: true; draft: RestoreDraft<S | RecoveryStep> } | { ok: false; findings: readonly Finding[] } {
  if (facts.findings.length > 0) return { ok: false, findings: facts.findings };
  const bytes = sum(facts.objects.map(({ size }) => size));
  const times = phaseTimes(bytes, facts.objects.length);
  const afterThawMs = times.copyMs + times.verifyMs + times.restoreMs + times.validateMs;
  const budgetMs = Math.max(0, intent.deadlineMs - afterThawMs);
  const choice = chooseTiers(facts.objects, intent.prices, budgetMs);
  const objects = facts.objects.map((object, at): RestoreObject => {
    const tier = choice.tiers[at];
    return tier === undefined ? object : { ...object, tier };
  });
  const days = copyDays(choice.thawMs, times);
  const cold = objects.filter(({ tier }) => tier !== undefined);
  const estimate = costOf(intent.prices, spendingOf(objects, days));
  const held = heldOf(facts.header, facts.objects);
  const data: Omit<RestoreData, 'objects'> = {
    stage: 'restore',
    archive: facts.archive,
    backupId: facts.header.backupId,
    name: nameOf(facts.header.backupId, facts.what),
    cold: cold.length,
    coldBytes: sum(cold.map(({ size }) => size)),
    bytes,
    parts: facts.parts,
    days,
    heldFrom: held.from,
    heldUntil: held.until,
    thawMs: choice.thawMs,
    copyMs: times.copyMs + times.verifyMs,
    riskMs: Math.max(choice.thawMs, budgetMs),
    // Twice what the slowest tier takes at most, and a day: after that something is wrong, and a person decides.
    longestMs: 2 * choice.thawMs + 24 * hour,
    expiryMarginMs: intent.expiryMarginMs,
    estimate,
  };
  const finish = (stored: Stored<RestoreObject>): PlanDraft<RestoreData, S | RecoveryStep> => ({
    title: titleOf(facts, data, intent.verb),
    actions: actionsOf<S>(facts, data, times, intent.tail),
    facts: factsOf(facts, data, times, objects),
    warnings: warningsOf(facts, intent, choice.inTime, choice.thawMs + afterThawMs, estimate.unpriced),
    irreversible: intent.tail
      .filter(({ reversible }) => !reversible)
      .map(({ what }) => `${what}: once clients write to it, nothing brings back what was there before`),
    voidIf: ['the backup has other objects, or they lie in other storage classes', 'the tiers, days or parts differ'],
    data: { ...data, objects: stored },
  });
  return { ok: true, draft: { objects, finish } };
}

/** What a plan will ask of the store; what is left of a run's own figures takes its place in the report. */
export function spendingOf(objects: readonly RestoreObject[], days: number): Spending {
  const thaws = new Map<
    string,
    { storageClass: string; tier: NonNullable<RestoreObject['tier']>; objects: number; bytes: number }
  >();
  for (const { storageClass, tier, size } of objects) {
    if (tier === undefined) continue;
    const key = `${storageClass} ${tier}`;
    const known = thaws.get(key) ?? { storageClass, tier, objects: 0, bytes: 0 };
    thaws.set(key, { ...known, objects: known.objects + 1, bytes: known.bytes + size });
  }
  const bytes = sum(objects.map(({ size }) => size));
  const thawed = sum([...thaws.values()].map((one) => one.bytes));
  return {
    thaws: [...thaws.values()],
    copies: { bytes: thawed, days },
    thawed: { bytes: thawed, days },
    puts: objects.filter(({ tier }) => tier !== undefined).length,
    // Read to be proven, to fill staging, and to fill production.
    gets: 3 * objects.length,
    outBytes: 3 * bytes,
  };
}

/** Names what a restore makes: the same for each attempt at it, another for each backup and part. */
function nameOf(backupId: string, what: string): string {
  const letters = `${backupId}_${what}`.replace(/[^A-Za-z0-9]+/g, '_');
  return letters.length <= 60 ? letters : letters.slice(0, 60);
}

function titleOf(
  { what, archive, header }: RestoreFacts,
  { cold, bytes }: Pick<RestoreData, 'cold' | 'bytes'>,
  verb: string,
): string {
  const from = `backup ${header.backupId} of ${archive}`;
  return `${verb} ${what === 'all' ? 'everything' : what} from ${from}: ${sizeWords(bytes)}, ${cold} objects to thaw`;
}

function actionsOf<S extends string>(
  { parts }: RestoreFacts,
  { cold, days, thawMs }: Pick<RestoreData, 'cold' | 'days' | 'thawMs'>,
  times: PhaseTimes,
  tail: readonly PlannedAction<S>[],
): PlannedAction<S | RecoveryStep>[] {
  const what = parts.map(partWords).join(', ');
  const step = (name: RecoveryStep, words: string, estimateMs?: number): PlannedAction<RecoveryStep> => ({
    ...{ step: name, what: words, reversible: true },
    ...(estimateMs === undefined ? {} : { estimateMs }),
  });
  return [
    ...(cold > 0
      ? [
          step('archive.request-thaw', `ask for ${cold} objects, as copies that stay for ${days} days`),
          step('archive.await-thaw', 'wait until they can be read; extend copies before they expire', thawMs),
        ]
      : []),
    ...(cold > 0 ? [step('archive.copy-out', 'copy what is thawed within the store', times.copyMs)] : []),
    step('archive.prove-objects', 'read every object, and prove each byte', times.verifyMs),
    step('archive.prove-closed', 'prove that staging cannot reach production'),
    step('archive.fill-staging', `fill staging with ${what}`, times.restoreMs),
    step('archive.verify-staging', 'compare rows and digests with the manifest; read every row', times.validateMs),
    ...tail,
    step('archive.clear-staging', 'clear staging'),
    ...(cold > 0 ? [step('archive.drop-copies', 'delete the copies in the store')] : []),
    step('archive.count-cost', 'say what was asked of the store, and what it costs'),
  ];
}

function factsOf(
  { header, lostAtMs, passedOver, objects: all }: RestoreFacts,
  { estimate, bytes }: Pick<RestoreData, 'estimate' | 'bytes'>,
  times: PhaseTimes,
  objects: readonly RestoreObject[],
): { label: string; value: string }[] {
  const { currency, total, requests, retrieval, storage, transfer } = estimate;
  const tiers = new Map<string, number>();
  for (const { storageClass, tier } of objects) {
    const key = tier === undefined ? `${storageClass}, no thaw` : `${storageClass} ${tier}`;
    tiers.set(key, (tiers.get(key) ?? 0) + 1);
  }
  const loss = lossOf(heldOf(header, all), lostAtMs);
  const money = (amount: number): string => moneyWords(amount, currency);
  return [
    { label: 'backup', value: `${header.backupId} (${header.kind}), verified ${header.verifiedAt}` },
    {
      label: 'lost',
      value: `what was written in the last ${durationWords(loss.leastMs)} to ${durationWords(loss.mostMs)}`,
    },
    { label: 'objects', value: `${all.length}, ${sizeWords(bytes)}` },
    { label: 'tiers', value: [...tiers].map(([name, count]) => `${count} × ${name}`).join(', ') },
    {
      label: 'cost',
      value: `about ${money(total)}: retrieval ${money(retrieval)}, requests ${money(requests)}, storage ${money(storage)}, transfer ${money(transfer)}`,
    },
    {
      label: 'after the thaw',
      value: durationWords(times.copyMs + times.verifyMs + times.restoreMs + times.validateMs),
    },
    ...passedOver.map((value) => ({ label: 'passed over', value })),
  ];
}

function warningsOf(
  { warnings, passedOver }: RestoreFacts,
  { deadlineMs }: { deadlineMs: number },
  inTime: boolean,
  takesMs: number,
  unpriced: readonly string[],
): string[] {
  return [
    ...warnings,
    ...(inTime
      ? []
      : [
          `the deadline of ${durationWords(deadlineMs)} cannot be kept: with the fastest tiers it takes ${durationWords(takesMs)}`,
        ]),
    ...(passedOver.length > 0 ? [`${passedOver.length} newer backups cannot be used`] : []),
    ...(unpriced.length > 0 ? [`no price is given for ${unpriced.join(', ')}: counted as zero`] : []),
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** Bytes for people. */
export function sizeWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;
  let value = bytes;
  while (value >= 1000 && at < units.length - 1) [value, at] = [value / 1000, at + 1];
  return `${at === 0 ? value : value.toFixed(1)} ${units[at]}`;
}

/** Milliseconds for people. */
export function durationWords(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 2 * hour) return `${Math.round(ms / 60_000)} min`;
  return ms < 72 * hour ? `${(ms / hour).toFixed(1)} h` : `${(ms / 24 / hour).toFixed(1)} d`;
}
