/** One row of the error catalogue. */
export type CatalogueEntry = {
  /** What it means, for an engineer who has never seen it. */
  meaning: string;
  /** Whether trying the same thing again, unchanged, may succeed. */
  retryable: boolean;
  /** The operator's next step, as a command where there is one. */
  hint: string;
};
