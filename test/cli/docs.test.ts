import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { errorsPage } from '../../src/cli/render/errors-page.ts';
import { jsonShapes } from '../../src/cli/json.ts';
import { catalogue } from '../../src/errors/index.ts';
import { planShape, reportShape, statusShape, stepShape } from '../../src/registry/index.ts';

const page = (name: string) => readFileSync(new URL(`../../docs/reference/${name}`, import.meta.url), 'utf8');
const sink = { write: () => true };
const program = createProgram({
  env: {},
  out: sink,
  err: sink,
  input: Readable.from([]),
  now: Date.now,
  interrupted: new AbortController().signal,
  exitCode: 0,
});

type Leaf = { title: string; command: Command };

/** Every command that does something, titled as its usage line: `gantry run <id>`. */
function leaves(command: Command, path: string): Leaf[] {
  const children = command.commands.filter((child) => child.name() !== 'help');
  if (children.length > 0) return children.flatMap((child) => leaves(child, `${path} ${child.name()}`));
  const words = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? ` <${name}>` : ` [${name}]`;
  });
  return [{ title: `${path}${words.join('')}`, command }];
}

describe('docs/reference/cli.md', () => {
  const text = page('cli.md');
  const sections = new Map(
    text
      .split(/^### /m)
      .slice(1)
      .map((section) => {
        const end = section.indexOf('\n');
        return [section.slice(0, end), section] as const;
      }),
  );
  const all = leaves(program, 'gantry');

  it('has a section for every command, and no other', () => {
    expect([...sections.keys()].sort()).toEqual(all.map(({ title }) => title).sort());
  });

  it.each(all.map(({ title, command }) => [title, command] as const))('names every option of %s', (title, command) => {
    // Those of every decision are said once, above.
    const common = ['--as <who>', '--reason <text>'];
    const flags = command.options.map((option) => option.flags).filter((flag) => !common.includes(flag));
    expect(flags.filter((flag) => !sections.get(title)?.includes(`\`${flag}\``))).toEqual([]);
  });

  it('names no option that a command lacks', () => {
    const known = new Set(
      [...all.map(({ command }) => command), program].flatMap((one) => one.options.map(({ flags }) => flags)),
    );
    const named = [...text.matchAll(/`(--[a-z-]+(?: <[^>`]+>)?)`/g)].map(([, flag]) => flag ?? '');
    const bare = new Set([...known].map((flag) => flag.split(' ')[0]));
    expect(named.filter((flag) => !known.has(flag) && !bare.has(flag))).toEqual([]);
  });

  it('names the options of every command', () => {
    const flags = program.options.map((option) => option.flags).filter((flag) => !flag.includes('version'));
    expect(flags.filter((flag) => !text.includes(`\`${flag}\``))).toEqual([]);
  });
});

describe('docs/reference/errors.md', () => {
  it('lists exactly the codes of the catalogue, as `npm run errors` writes them', () => {
    const codes = [...page('errors.md').matchAll(/^## ([A-Z0-9_]+)$/gm)].map(([, code]) => code);
    expect(codes.sort()).toEqual(Object.keys(catalogue).sort());
    expect(page('errors.md')).toBe(errorsPage(catalogue));
  });
});

describe('docs/reference/json.md', () => {
  const text = page('json.md');

  it('names every field of statuses, reports, plans and steps', () => {
    const fields = [statusShape, reportShape, planShape, stepShape].flatMap((shape) => Object.keys(shape.shape));
    expect([...new Set(fields)].filter((field) => !text.includes(`\`${field}\``))).toEqual([]);
  });

  it('names the fields that each command prints', () => {
    const fields = Object.values(jsonShapes).flatMap((shape) => Object.keys(shape.shape));
    expect([...new Set(fields)].filter((field) => !new RegExp(`"${field}"\\??:`).test(text))).toEqual([]);
  });
});
