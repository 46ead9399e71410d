/** The targets of one kind of run, set up for many runs one after the other. */
export type Scene = {
  workflowType: string;
  platformFile: string;
  /** What a worker needs in its environment. */
  env: Record<string, string>;
  /** How long a run may go without a new event, its worker cut off once; 40,000 unless given. Times GANTRY_PATIENCE. */
  patienceMs?: number;
  /** Its runs ask for an approval whatever the policy says, and get it. */
  approves?: true;
  /** Puts load on and makes ready for the next run. */
  begin: () => Promise<Take>;
  stop: () => Promise<void>;
};

/** One run on a scene. */
export type Take = {
  workflowId: string;
  /** The run whose status tells whether it stands still, where another one than that is started for it. */
  watched?: string;
  input: object;
  /** Ends the load and looks at everything. */
  conclude: (runId: string) => Promise<Findings>;
};

/** What one run left, with the targets named by their part in it, so that runs can be compared. */
export type Findings = {
  /** What changed the targets, e.g. `new: promoted`. */
  effects: readonly { what: string; certain: boolean }[];
  /** Requests that would have changed something and changed nothing, e.g. `CONFIG REWRITE` of a file that said so already. */
  empty: readonly string[];
  state: Readonly<Record<string, unknown>>;
  /** Acknowledged writes, and those of them that are gone. */
  acked: number;
  lost: number;
  /** Acknowledgements by the old primary after the first one by the new. */
  onOldAfterNew: number;
  /** For the record of a failure. */
  evidence: unknown;
};

/** Effects that an undisturbed run doesn't have, or has fewer times; and those that it has and this one lacks. */
export function compare(
  effects: Findings['effects'],
  expected: readonly string[],
): { duplicated: string[]; missing: string[] } {
  const left = [...expected];
  const duplicated: string[] = [];
  // Certain ones first: an uncertain one may only fill what is still missing.
  for (const { what, certain } of [...effects].sort((a, b) => Number(b.certain) - Number(a.certain))) {
    const at = left.indexOf(what);
    if (at >= 0) left.splice(at, 1);
    else if (certain) duplicated.push(what);
  }
  return { duplicated, missing: left };
}
