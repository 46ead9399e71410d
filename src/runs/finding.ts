/** One thing that a run which only looks found to be wrong, and where. `code` is one of the catalogue. */
export type Finding = { code: string; message: string; place: string };
