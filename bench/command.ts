import { parseArgs } from 'node:util';
import type { Bench, BenchOptions } from './bench.ts';

/** What the command line asks for. */
export type Asked =
  | { kind: 'help'; lines: readonly string[] }
  | { kind: 'wrong'; lines: readonly string[] }
  | { kind: 'run'; bench: Bench; json: boolean; options: BenchOptions };

const common = {
  json: { type: 'boolean', help: 'one JSON object as the last line of standard output' },
  help: { type: 'boolean', help: 'what can be measured, and how' },
} as const;

/** Reads `<name> [--json] [--help] [options of the bench]`. */
export function readCommand(args: readonly string[], benches: readonly Bench[]): Asked {
  const [first, ...rest] = args;
  if (first === undefined || first === '--help') return { kind: 'help', lines: listing(benches) };
  const bench = benches.find(({ name }) => name === first);
  if (!bench) return { kind: 'wrong', lines: [`no bench is called ${first}`, '', ...listing(benches)] };
  try {
    const { values } = parseArgs({ args: rest, options: { ...common, ...bench.options } });
    const { json, help, ...options } = values as BenchOptions;
    if (help === true) return { kind: 'help', lines: about(bench) };
    return { kind: 'run', bench, json: json === true, options };
  } catch (error) {
    return { kind: 'wrong', lines: [(error as Error).message, '', ...about(bench)] };
  }
}

function listing(benches: readonly Bench[]): string[] {
  const width = Math.max(0, ...benches.map(({ name }) => name.length));
  return [
    'npm run --silent bench -- <name> [--json] [--help]',
    '',
    ...benches.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
  ];
}

function about(bench: Bench): string[] {
  const options = Object.entries({ ...bench.options, ...common });
  const width = Math.max(...options.map(([name]) => name.length));
  return [
    `npm run --silent bench -- ${bench.name} [options]`,
    '',
    bench.summary,
    '',
    ...options.map(([name, { help }]) => `  --${name.padEnd(width)}  ${help}`),
    '',
    'measured on:',
    ...bench.settings.map((line) => `  ${line}`),
  ];
}
