/** What the copy of a partition tells while it is under way, in the heartbeat of its step. */
export type CopyProgress = {
  /** Of the partition. */
  bytes: number;
  /** So far; left out where the server can't say how far a fetch is (18.16). */
  fetchedBytes?: number;
  /** Since the fetch began. */
  ms: number;
};

/** A heartbeat's details, whatever they are → what a copy told, if that is what they are. */
export function copyProgress(details: unknown): CopyProgress | undefined {
  if (typeof details !== 'object' || details === null) return undefined;
  const { bytes, fetchedBytes, ms } = details as Partial<Record<string, unknown>>;
  if (typeof bytes !== 'number' || typeof ms !== 'number') return undefined;
  return { bytes, ms, ...(typeof fetchedBytes === 'number' ? { fetchedBytes } : {}) };
}
