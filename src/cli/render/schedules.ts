import type { FireAccount, ScheduleChange } from '../../client/index.ts';

const words = { create: 'create', update: 'update', delete: 'delete', none: 'in sync', foreign: 'not ours' } as const;
const done = { ...words, create: 'created', update: 'updated', delete: 'deleted' } as const;

/** One line for each schedule, and one for each field that differs. */
export function changeLines(changes: readonly ScheduleChange[], synced: boolean): string[] {
  if (changes.length === 0) return ['the platform file declares no schedules, and Temporal has none of them'];
  return changes.flatMap(({ name, id, act, differences, paused }) => [
    `${(synced ? done : words)[act].padEnd(8)}  ${name}  (${id})${paused === undefined ? '' : `, paused by an operator: ${paused}`}`,
    ...(act === 'foreign'
      ? ['          it has no mark of this installation: look at it in the Temporal UI, and rename or delete it there']
      : []),
    ...differences.map(
      ({ field, live, wanted }) => `          ${field}: ${JSON.stringify(live)} → ${JSON.stringify(wanted)}`,
    ),
  ]);
}

/** What fired and what did not, one schedule after the other. */
export function accountLines(accounts: readonly FireAccount[]): string[] {
  if (accounts.length === 0) return ['the platform file declares no schedules'];
  return accounts.flatMap(({ name, state, expected, started, missed }) => [
    state === 'active'
      ? `${name}: ${started} of ${expected} started`
      : `${name}: ${state === 'paused' ? 'paused' : 'not in Temporal: `gantry schedules sync` creates it'}`,
    ...missed.map(({ at }) => `  missed ${at}`),
  ]);
}
