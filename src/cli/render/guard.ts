import type { GuardKnowledge, GuardState, GuardStatus } from '../../runs/index.ts';
import type { Canvas, Ink } from './paint.ts';
import { clip, paint } from './paint.ts';
import { ago, clock } from './time.ts';

const inks: Record<GuardState, Ink> = {
  starting: 'cyan',
  watching: 'green',
  alarm: 'red',
  unwatched: 'red',
  paused: 'yellow',
  stopped: 'dim',
  refused: 'red',
};

/** A guard in a few lines: how it stands, what it knows, what it found, what it started. `live` is newer than `status`. */
export function guardLines(
  answer: { workflowId: string; status?: GuardStatus; live?: GuardKnowledge; note?: string },
  canvas: Canvas,
): string[] {
  const { status, live, note, workflowId } = answer;
  const lines = [
    ...(status ? headLines(status, canvas) : [paint(canvas, 'bold', workflowId)]),
    ...knownLines(live ?? status, canvas),
    ...(status ? foundLines(status, canvas) : []),
    ...(note === undefined ? [] : [paint(canvas, 'yellow', note)]),
  ];
  return lines.map((line) => clip(canvas, line));
}

function headLines(status: GuardStatus, canvas: Canvas): string[] {
  const { target, state, since, mode, restraint, alarm, unwatched, paused, workflowId } = status;
  const lines = [
    `${paint(canvas, 'bold', `redis.guard ${target}`)}  ${paint(canvas, inks[state], state)}  ${ago(since, canvas.now)}  mode ${mode}  ${paint(canvas, 'dim', workflowId)}`,
  ];
  if (restraint) lines.push(paint(canvas, 'yellow', restraint));
  if (paused)
    lines.push(`paused by ${paused.by}${paused.until ? ` until ${clock(paused.until)}` : ''}: ${paused.reason}`);
  if (unwatched) {
    lines.push(
      `no worker has watched for ${ago(unwatched.since, canvas.now)}: ${unwatched.code}: ${unwatched.message}`,
    );
  }
  if (alarm) {
    lines.push(`${alarm.node} has not answered for ${ago(alarm.since, canvas.now)}: ${alarm.why}`);
    const { lastRefusal, nextTryAt, refusals } = alarm;
    if (lastRefusal) lines.push(`${refusals} failovers came to nothing: ${lastRefusal.code}: ${lastRefusal.message}`);
    if (nextTryAt) lines.push(`next attempt not before ${clock(nextTryAt)}`);
  }
  return lines;
}

function knownLines(known: Pick<GuardKnowledge, 'primary' | 'last' | 'lags'> | undefined, canvas: Canvas): string[] {
  if (!known?.primary) return [];
  const { primary, last, lags } = known;
  const offset = last ? `offset ${last.offset}, ${ago(last.at, canvas.now)} ago` : 'no offset yet';
  return [
    `primary ${primary}: ${offset}`,
    ...lags.map(
      ({ replica, online, lagBytes }) => `  ${replica}: ${online ? `${lagBytes} bytes behind` : 'not online'}`,
    ),
  ];
}

function foundLines({ findings, failovers }: GuardStatus, canvas: Canvas): string[] {
  return [
    ...findings.map(({ code, message, since, during }) => {
      const held = during ? ` (while ${during} held the group)` : '';
      return `${paint(canvas, 'red', '✗')} ${code}: ${message}, for ${ago(since, canvas.now)}${held}`;
    }),
    ...failovers.map(({ workflowId, outcome, code, message }) => {
      const why = code ? `: ${code}: ${message ?? ''}` : '';
      return `failover ${workflowId}: ${outcome ?? 'under way'}${why}`;
    }),
  ];
}
