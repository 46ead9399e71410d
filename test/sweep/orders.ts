/** Where and as what a worker process works. */
export type WorkOrder = {
  address: string;
  taskQueue: string;
  platformFile: string;
  /** The workflows with the sweep's marks in them. */
  bundlePath: string;
};

/** What the sweep tells a worker process. */
export type Order =
  ({ do: 'work' } & WorkOrder) | { do: 'arm'; place?: string; signal?: NodeJS.Signals } | { do: 'trace' };

/** What a worker process says, by itself or as the answer to an order. */
export type Said =
  | { say: 'ready' }
  | { say: 'retried'; activity: string }
  | { say: 'done' }
  | { say: 'trace'; places: readonly string[]; busy: number }
  | { say: 'failed'; error: string };
