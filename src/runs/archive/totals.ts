/** A business total, as the platform file declares it. */
export type TotalSpec = {
  name: string;
  /** The column that is summed; rows are counted unless given. */
  sum?: string;
  /** Columns: the total is made for each of their values, so that it cannot be right as a whole and wrong for one customer. */
  by: readonly string[];
};

/** What a server made of it, over the rows of one partition. Numbers are text: they may be decimals, or above 2^53. */
export type TotalFigures = {
  value: string;
  /** How many values of `by` there are; 1 without `by`. */
  groups: number;
  /** Over every group and its value, in any order. */
  digest: { sum: string; xor: string };
  /** Each group, where they are few. */
  each?: readonly { key: readonly string[]; value: string }[];
};

/** A total of a backup. What was declared is kept with it: it is compared as it was made, whatever the platform file says by then. */
export type BackupTotal = TotalSpec & TotalFigures;

/** A total over all that was compared of a table, for people. */
export type ComparedTotal = { name: string; value: string; partitions: number };
