import type { LifecycleRule } from '../../../runs/index.ts';

/** What an archive wants of its bucket. */
export type LifecycleIntent = {
  archive: string;
  bucket: string;
  /** What is aged: data, never the manifests and schemas that a restore is planned from. */
  dataPrefix: string;
  metadataPrefix: string;
  ageRules: readonly { afterMs: number; to: string; versions: 'all' | 'noncurrent' }[];
};

const day = 86_400_000;
/** Parts of an upload that a killed worker left: charged, and in no listing. Days. */
const abortUploadsAfter = 7;
const cold = ['GLACIER', 'DEEP_ARCHIVE'];

/** What a rule of this archive is called. */
export function ruleId(archive: string): string {
  return `gantry-${archive}`;
}

/**
 * The rule of an archive, in the form of the store. Age rules for versions that were replaced alone do not concern it: every
 * object of a backup is the current version of its key. Pure.
 */
export function wantedRule({ archive, dataPrefix, ageRules }: LifecycleIntent): Record<string, unknown> {
  const transitions = ageRules
    .filter(({ versions }) => versions === 'all')
    .map(({ afterMs, to }) => ({ Days: Math.round(afterMs / day), StorageClass: to }));
  return {
    ID: ruleId(archive),
    Status: 'Enabled',
    Filter: { Prefix: dataPrefix },
    ...(transitions.length > 0 ? { Transitions: transitions } : {}),
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: abortUploadsAfter },
  };
}

/** Whether two rules say the same; the order of keys aside, and what is left out. */
export function sameRule(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

/** A whole document as one text: two that are equal say the same. */
export function canonical(value: unknown): string {
  // A rule that names a day: what JSON makes of it, since a Date has no fields.
  if (value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, held]) => held !== undefined);
  return `{${entries
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, held]) => `${JSON.stringify(key)}:${canonical(held)}`)
    .join(',')}}`;
}

/** What rules of others would do to the backups, in words. They are kept as they are. Pure. */
export function foreignDangers(
  { archive, dataPrefix, metadataPrefix }: LifecycleIntent,
  rules: readonly LifecycleRule[],
): string[] {
  return rules
    .filter(({ id, enabled }) => enabled && id !== ruleId(archive))
    .flatMap((rule) => {
      const covers = (prefix: string): boolean =>
        prefix.startsWith(rule.prefix ?? '') || (rule.prefix ?? '').startsWith(prefix);
      const named = `the rule ${rule.id || 'without a name'}, which is not Gantry's,`;
      const expires = rule.expirationDays ?? rule.noncurrentExpirationDays;
      const chills = rule.transitions.find(({ storageClass }) => cold.includes(storageClass));
      return [
        ...(expires !== undefined && (covers(dataPrefix) || covers(metadataPrefix))
          ? [`${named} deletes objects of this archive after ${expires} days`]
          : []),
        ...(chills && covers(metadataPrefix)
          ? [
              `${named} moves manifests to ${chills.storageClass} after ${chills.days} days: no restore could be planned`,
            ]
          : []),
      ];
    });
}
