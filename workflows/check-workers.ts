import type {
  AnswerCall,
  ClockReading,
  ClockUnread,
  QueueAnswered,
  QueueToAsk,
  WorkerAnswer,
  WorkerCheck,
  WorkerCheckInput,
} from '../src/runs/index.ts';
import { answerActivity } from '../src/runs/index.ts';
import { callQueue } from './run/call.ts';

/** A live worker takes a task up in milliseconds, a busy machine's in a second or two. */
const startMs = 4_000;
/** A frozen worker takes a task and never answers. */
const answerMs = 4_000;
/** Each server that does not answer costs a connect timeout; all are asked at once. */
const targetsMs = 10_000;

/** Which worker takes a task is the server's choice: so often is asked for those that have not answered yet. */
const rounds = 3;
const mostAtOnce = 16;

/** Asks the workers of some queues whether they are there, and what time they and their targets have. It changes nothing. */
export async function checkWorkers({ queues }: WorkerCheckInput): Promise<WorkerCheck> {
  return { queues: await Promise.all(queues.map(askQueue)) };
}

async function askQueue({ queue, expected, targets }: QueueToAsk): Promise<QueueAnswered> {
  const seen = new Map<string, ClockReading>();
  for (let round = 1; round <= rounds; round += 1) {
    const missing = expected.filter((identity) => !seen.has(identity)).length;
    if (round > 1 && missing === 0) break;
    const asks = Math.min(mostAtOnce, Math.max(1, missing * round));
    const answers = await Promise.all(Array.from({ length: asks }, () => ask(queue)));
    for (const answer of answers) {
      const known = answer && seen.get(answer.name);
      if (answer && (!known || answer.withinMs < known.withinMs)) seen.set(answer.name, answer);
    }
    // Whoever took that one hangs, and would take the next one too.
    if (answers.includes(undefined)) break;
  }
  const workers = [...seen.values()];
  return { queue, workers, targets: targets && seen.size > 0 ? await targetsOf(queue, seen) : [] };
}

/** Workflow time is the server's: the worker's clock was read between the two looks at it. */
async function ask(queue: string): Promise<ClockReading | undefined> {
  const before = Date.now();
  const answer = await call(queue, {}, answerMs);
  if (!answer) return undefined;
  const after = Date.now();
  return { name: answer.identity, aheadMs: answer.at - (before + after) / 2, withinMs: (after - before) / 2 };
}

/** The targets' clocks against the server's: by way of the clock of the worker that read them. */
async function targetsOf(
  queue: string,
  workers: ReadonlyMap<string, ClockReading>,
): Promise<readonly (ClockReading | ClockUnread)[]> {
  const answer = await call(queue, { targets: true }, targetsMs);
  const worker = answer && workers.get(answer.identity);
  if (!answer || !worker) {
    const message = answer
      ? `${answer.identity} read them, whose own clock is not known`
      : 'no worker read them in time';
    return [{ name: `the targets of ${queue}`, code: 'STEP_TIMEOUT', message }];
  }
  return (answer.targets ?? []).map((target) =>
    'code' in target
      ? target
      : {
          name: target.name,
          aheadMs: target.aheadMs + worker.aheadMs,
          withinMs: target.withinMs + worker.withinMs,
        },
  );
}

/** Nothing: nobody answered in time. */
function call(queue: string, argument: AnswerCall, ms: number): Promise<WorkerAnswer | undefined> {
  return callQueue<WorkerAnswer>(answerActivity, argument, queue, { startMs, answerMs: ms }).catch(() => undefined);
}
