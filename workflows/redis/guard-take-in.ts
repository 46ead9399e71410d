import type { GuardWatched } from '../../src/runs/index.ts';
import { iso } from '../run/book.ts';
import type { GuardBook } from './guard-book.ts';
import { changerOf, reconcile } from './guard-decide.ts';
import { lockHolder } from './guard-holder.ts';

/**
 * What a watch saw → the guard's memory, and what people have to know. Answers whether anything is new, so that the next watch must not wait. What is found while
 * a switchover or a failover holds the group, or right after, is that run's doing: it is kept, and told only if it stays.
 */
export async function takeIn(book: GuardBook, watched: GuardWatched): Promise<boolean> {
  const { memory } = book;
  const before = memory.known;
  memory.policy = watched.policy;
  memory.known = watched.known;
  memory.samples += watched.samples;
  const wasUnwatched = memory.unwatched;
  if (wasUnwatched) {
    memory.unwatched = undefined;
    book.over('unwatched');
    book.tell('well', `somebody watches again; nobody did since ${wasUnwatched.since}`);
  }
  const alarmNews = takeInSilence(book);
  let holder: ReturnType<typeof lockHolder> | undefined;
  const changer = async (): Promise<string | undefined> => {
    const last = await (holder ??= lockHolder(book.target));
    return last === 'unknown' ? undefined : changerOf(last, Date.now(), 2 * book.policy.auditEveryMs);
  };
  const moved = before.primary !== undefined && memory.known.primary !== before.primary;
  if (moved && !alarmNews && !(await changer())) {
    book.tell('drift', `the primary is ${memory.known.primary}, it was ${before.primary}; no run of Gantry did this`);
  }
  const findingNews = await takeInFindings(book, changer);
  book.show();
  // Interrupted without our asking: its worker is shutting down, and another one is to go on at once.
  const begunAnew = before.primary === undefined || wasUnwatched !== undefined || watched.event === 'interrupted';
  return moved || alarmNews || findingNews || begunAnew;
}

/** Raises and ends the alarm. */
function takeInSilence(book: GuardBook): boolean {
  const { memory } = book;
  const { alarm, known } = memory;
  const { silent } = known;
  if (silent) {
    if (alarm?.node === silent.node) return false;
    memory.alarm = { ...silent, refusals: 0 };
    book.announced('alarm');
    const does = {
      observe: 'nothing is done',
      ask: 'a failover is started and will ask',
      act: 'a failover is started',
    };
    book.tell('alarm', `${silent.node} has not answered since ${silent.since} (mode ${book.mode}: ${does[book.mode]})`);
    return true;
  }
  if (!alarm) return false;
  memory.alarm = undefined;
  book.over('alarm');
  const how = known.primary === alarm.node ? 'answers again' : `is out of it: the primary is ${known.primary}`;
  book.tell('well', `${alarm.node}, silent since ${alarm.since}, ${how}`);
  return true;
}

async function takeInFindings(book: GuardBook, changer: () => Promise<string | undefined>): Promise<boolean> {
  const { memory } = book;
  const { findings, gone, changed } = reconcile(memory.findings, memory.known.findings, iso(Date.now()));
  memory.findings = findings;
  if (gone.length > 0) {
    book.tell('well', `no more: ${gone.map(({ code, message }) => `${code}: ${message}`).join('; ')}`);
  }
  const untold = findings.filter(({ announced }) => !announced);
  if (untold.length > 0) {
    const during = await changer();
    if (during === undefined) {
      for (const one of untold) one.announced = true;
      book.announced('findings');
      book.tell('drift', untold.map(({ code, message }) => `${code}: ${message}`).join('; '));
    } else {
      for (const one of untold) one.during = during;
    }
  }
  if (!findings.some(({ announced }) => announced)) book.over('findings');
  return changed;
}
