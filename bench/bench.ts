/** An option that a bench takes besides `--json` and `--help`. */
export type BenchOption = { type: 'boolean' | 'string'; help: string };

/** What was given of a bench's options. */
export type BenchOptions = Readonly<Record<string, string | boolean | undefined>>;

/** Progress, for people: it goes to standard error. */
export type Say = (line: string) => void;

/** One bench: what it measures, under which server settings, how it is run and shown. */
export type Bench<R extends object = object> = {
  readonly name: string;
  /** One line: what it measures. */
  readonly summary: string;
  /** The server settings that its figures were taken with, one a line. */
  readonly settings: readonly string[];
  readonly options?: Readonly<Record<string, BenchOption>>;
  /** Measures. What it starts and makes, it registers with `atEnd` or removes itself. */
  run(options: BenchOptions, say: Say): Promise<R>;
  /** The result for people, line by line. */
  table(result: R): readonly string[];
};

/** Gives a bench the type of its result where it is declared. */
export function defineBench<R extends object>(bench: Bench<R>): Bench<R> {
  return bench;
}
