import type { GuardWatched } from '../../../src/runs/index.ts';
import { iso } from '../../run/record.ts';
import type { GuardRecord } from './record.ts';
import { changerOf, reconcile } from './decide.ts';
import { lockHolder } from './holder.ts';

/**
 * What a watch saw → the guard's memory, and what people have to know. Answers whether anything is new, so that the next watch must not wait. What is found while
 * a switchover or a failover holds the group, or right after, is that run's doing: it is kept, and told only if it stays.
 */
export async function takeIn(record: GuardRecord, watched: GuardWatched): Promise<boolean> {
  const { memory } = record;
  const before = memory.known;
  memory.policy = watched.policy;
  memory.known = watched.known;
  memory.samples += watched.samples;
  const wasUnwatched = memory.unwatched;
  if (wasUnwatched) {
    memory.unwatched = undefined;
    record.over('unwatched');
    record.tell('well', `the guard watches again; no worker had watched since ${wasUnwatched.since}`);
  }
  const alarmNews = takeInSilence(record);
  let holder: ReturnType<typeof lockHolder> | undefined;
  const changer = async (): Promise<string | undefined> => {
    const last = await (holder ??= lockHolder(record.target));
    return last === 'unknown' ? undefined : changerOf(last, Date.now(), 2 * record.policy.auditEveryMs);
  };
  const moved = before.primary !== undefined && memory.known.primary !== before.primary;
  if (moved && !alarmNews && !(await changer())) {
    record.tell('drift', `the primary is ${memory.known.primary}, it was ${before.primary}; no run of Gantry did this`);
  }
  const findingNews = await takeInFindings(record, changer);
  record.show();
  // Interrupted without our asking: its worker is shutting down, and another one is to go on at once.
  const begunAnew = before.primary === undefined || wasUnwatched !== undefined || watched.event === 'interrupted';
  return moved || alarmNews || findingNews || begunAnew;
}

/** Raises and ends the alarm. */
function takeInSilence(record: GuardRecord): boolean {
  const { memory } = record;
  const { alarm, known } = memory;
  const { silent } = known;
  if (silent) {
    if (alarm?.node === silent.node) return false;
    const { last } = known;
    // Both by Temporal's clock; a sample of another node says nothing of this one.
    const readMs = last?.node === silent.node ? Date.now() - Date.parse(last.at) : undefined;
    memory.alarm = { ...silent, refusals: 0, ...(readMs === undefined ? {} : { readMs }) };
    record.announced('alarm');
    const does = {
      observe: 'nothing is done',
      ask: 'a failover is started and will ask',
      act: 'a failover is started',
    };
    record.tell(
      'alarm',
      `${silent.node} has not answered since ${silent.since} (mode ${record.mode}: ${does[record.mode]})`,
    );
    return true;
  }
  if (!alarm) return false;
  memory.alarm = undefined;
  record.over('alarm');
  const how = known.primary === alarm.node ? 'answers again' : `is no longer the primary: that is ${known.primary}`;
  record.tell('well', `${alarm.node}, silent since ${alarm.since}, ${how}`);
  return true;
}

async function takeInFindings(record: GuardRecord, changer: () => Promise<string | undefined>): Promise<boolean> {
  const { memory } = record;
  const { findings, gone, changed } = reconcile(memory.findings, memory.known.findings, iso(Date.now()));
  memory.findings = findings;
  if (gone.length > 0) {
    record.tell('well', `no more: ${gone.map(({ code, message }) => `${code}: ${message}`).join('; ')}`);
  }
  const untold = findings.filter(({ announced }) => !announced);
  if (untold.length > 0) {
    const during = await changer();
    if (during === undefined) {
      for (const one of untold) one.announced = true;
      record.announced('findings');
      record.tell('drift', untold.map(({ code, message }) => `${code}: ${message}`).join('; '));
    } else {
      for (const one of untold) one.during = during;
    }
  }
  if (!findings.some(({ announced }) => announced)) record.over('findings');
  return changed;
}
