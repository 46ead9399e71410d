import type { Sinks } from '@temporalio/workflow';

/** What workflow code calls in the process of its worker. */
export type TaskSinks = Sinks & { sweep: { task: () => void } };
