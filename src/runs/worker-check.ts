/** The workflow by which `gantry doctor` asks the workers themselves: who has polled once says nothing of who is there now. */
export const checkWorkersType = 'checkWorkers';

/** The activity by which a worker says that it is there. Every worker of activities has it. */
export const answerActivity = 'gantryAnswer';

/** How far a clock is ahead of another one (negative: behind), and how uncertain that is by the way of the question. */
export type ClockReading = { name: string; aheadMs: number; withinMs: number };

/** A clock that could not be read. */
export type ClockUnread = { name: string; code: string; message: string };

/** `targets`: read the clocks of what this worker's domain operates too. */
export type AnswerCall = { targets?: boolean };

/** A worker's word: who it is, what time it has, and how far the clocks of its targets are ahead of its own. */
export type WorkerAnswer = { identity: string; at: number; targets?: readonly (ClockReading | ClockUnread)[] };

/** A queue of activities, who polls it as the server remembers, and whether its workers read the clocks of their targets. */
export type QueueToAsk = { queue: string; expected: readonly string[]; targets?: boolean };

/** Who answered on a queue, with its clock against that of the Temporal server; and the clocks of the targets. */
export type QueueAnswered = {
  queue: string;
  workers: readonly ClockReading[];
  targets: readonly (ClockReading | ClockUnread)[];
};

export type WorkerCheckInput = { queues: readonly QueueToAsk[] };

export type WorkerCheck = { queues: readonly QueueAnswered[] };
