/** What follows from a cutover, whatever was moved: the steps of `workflows/clickhouse/moves/finish.ts`. */
export const afterCutover = ['find-late-rows', 'bring-back', 'open-ingest', 'start-merges', 'prove-move'] as const;
