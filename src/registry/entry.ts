import type { z } from 'zod';
import type { Kind, Domain, RunInput } from '../runs/index.ts';

/** A field of the input that has an option of its own on the command line. */
export type InputOption = {
  /** As commander writes it: `--to <node>`. */
  flags: string;
  /** The input's field that it sets. */
  field: string;
  help: string;
  choices?: readonly string[];
  /** The field is a number. */
  number?: true;
};

/** Everything outside workflows that is to be known of a kind of run: CLI, API, schedules and docs derive from it. */
export type KindEntry<I extends RunInput = RunInput> = {
  kind: Kind;
  domain: Domain;
  verb: string;
  /** One line: what a run of it does. */
  summary: string;
  /** The whole input; unknown fields are refused. */
  input: z.ZodType<I>;
  /** An input that the schema accepts, to paste into the Temporal UI. */
  example: I;
  /** The docs page, from the repository's root. */
  docs: string;
  /** What the target is, for the CLI's help: `<group>`. */
  target: { name: string; help: string };
  /** A second word of the command, and the input's field that it sets: `<node>`. */
  second?: { name: string; field: string; help: string };
  options: readonly InputOption[];
};
