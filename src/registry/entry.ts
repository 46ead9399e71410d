import type { z } from 'zod';
import type { Kind, RunInput } from '../runs/index.ts';

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
  /** The field is a list; on the command line its items are separated by commas. */
  list?: true;
};

/** Everything outside workflows that is to be known of a kind of run: CLI, API, schedules and docs derive from it. */
export type KindEntry<I extends RunInput = RunInput> = {
  /** Its domain and its verb follow from it. */
  kind: Kind;
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
  /**
   * Runs of another domain that it starts where this field of its input is set. Over the API, whoever starts or approves it needs the
   * role over these kinds, too.
   */
  alsoStarts?: readonly { kind: Kind; field: string }[];
};

type Frozen<T> = T extends readonly (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** `unknown` where both types have the same fields of the same types, whoever may write to them; else nothing fits. */
type Same<A, B> = [keyof A, keyof B, Frozen<A>, Frozen<B>] extends [keyof B, keyof A, Frozen<B>, Frozen<A>]
  ? unknown
  : never;

/**
 * Gives an entry its types where it is declared. Workflows know the type of the input (src/runs, which has no packages), the
 * registry its schema: here the two are held to each other, field by field.
 */
export function defineKind<I extends RunInput>() {
  return <S extends z.ZodType<I>>(entry: KindEntry<I> & { input: S & Same<z.output<S>, I> }): KindEntry<I> => entry;
}
