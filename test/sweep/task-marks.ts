import type { WorkflowInterceptors } from '@temporalio/workflow';
import { proxySinks } from '@temporalio/workflow';
import type { TaskSinks } from './task-sinks.ts';

const { sweep } = proxySinks<TaskSinks>();

/** Goes into the sweep's workflow bundle: each workflow task tells the worker's process, before its answer is sent. */
export const interceptors = (): WorkflowInterceptors => ({
  internals: [
    {
      activate(input, next) {
        // A task's jobs come in batches; one mark for each task. A query alone is none.
        const isQuery = input.activation.jobs?.every(({ queryWorkflow }) => queryWorkflow) ?? false;
        if (input.batchIndex === 0 && !isQuery) sweep.task();
        next(input);
      },
    },
  ],
});
