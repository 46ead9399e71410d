import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { Problem } from '../errors/index.ts';
import { GantryError, problem, refusal } from '../errors/index.ts';
import { digestOf } from './digest.ts';
import { danglingNames } from './references.ts';
import { disagreements } from './relations.ts';
import type { Platform } from './schema/platform.ts';
import { platform as schema } from './schema/platform.ts';
import type { Flaw, Source } from './source.ts';
import { readSource } from './source.ts';

/** A platform file that was read and found right. */
export type LoadedPlatform = {
  platform: Platform;
  /** SHA-256, in hex, of the parsed content: comments, spaces and the order of keys don't change it. */
  digest: string;
  path: string;
  /** As it was read. */
  text: string;
};

/**
 * Reads and checks the platform file at `path`.
 * @throws GantryError PLATFORM_NOT_FOUND, PLATFORM_UNREADABLE, or PLATFORM_INVALID with every problem and its place.
 */
export function loadPlatform(path: string): LoadedPlatform {
  return parsePlatform(readPlatformText(path), path);
}

/**
 * Checks the text of a platform file; `path` is only for the places of problems.
 * @throws GantryError PLATFORM_INVALID with every problem, each with `file:line:column`.
 */
export function parsePlatform(text: string, path: string): LoadedPlatform {
  const source = readSource(text);
  const emptiness = nothingToRead(source, text);
  const parsed = schema.safeParse(source.content);
  const flaws = emptiness ? [emptiness] : [...source.flaws, ...contentFlaws(source, parsed.error?.issues ?? [])];
  if (flaws.length > 0) throw refusal(toProblems(flaws, source, path), { path });
  // Without flaws there were no issues: data is there.
  const platform = parsed.data as Platform;
  return { platform, digest: digestOf(platform), path, text };
}

/**
 * The text of the platform file at `path`, unchecked.
 * @throws GantryError PLATFORM_NOT_FOUND, PLATFORM_UNREADABLE
 */
export function readPlatformText(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT')
      throw new GantryError('PLATFORM_NOT_FOUND', `no platform file at ${path}`, { evidence: { path }, cause: error });
    const why = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8 text' : String(code ?? error);
    throw new GantryError('PLATFORM_UNREADABLE', `the platform file ${path} cannot be read: ${why}`, {
      evidence: { path },
      cause: error,
    });
  }
}

function nothingToRead({ content, flaws }: Source, text: string): Flaw | undefined {
  if (flaws.length > 0) return undefined;
  if (text.trim() === '') return { offset: 0, message: 'the file is empty' };
  if (content === null || content === undefined) return { offset: 0, message: 'the file says nothing but comments' };
  if (typeof content === 'object' && !Array.isArray(content)) return undefined;
  const what = Array.isArray(content) ? 'a list' : `one ${typeof content}`;
  return { offset: 0, message: `the file must be a map with version, name, regions and so on, not ${what}` };
}

function contentFlaws(source: Source, issues: readonly z.core.$ZodIssue[]): Flaw[] {
  if (typeof source.content !== 'object' || source.content === null) return [];
  const relations = [...danglingNames(source.content), ...disagreements(source.content)];
  return [
    ...issues.flatMap((issue) => issueFlaws(source, issue)),
    ...relations.map(({ path, message, aboutKey }) => ({
      offset: aboutKey ? source.keyAt(path) : source.valueAt(path),
      message: `${named(path)}: ${message}`,
    })),
  ];
}

function issueFlaws(source: Source, issue: z.core.$ZodIssue): Flaw[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      offset: source.keyAt([...path, key]),
      message: `${named(path)}: unknown key ${key}`,
    }));
  if (!source.has(path))
    return [
      { offset: source.valueAt(path), message: `${named(path.slice(0, -1))}: ${String(path.at(-1))} is missing` },
    ];
  const aboutKey = issue.code === 'custom' && issue.params?.['aboutKey'] === true;
  const offset = aboutKey ? source.keyAt(path) : source.valueAt(path);
  return [{ offset, message: `${named(path)}: ${issue.message}` }];
}

function named(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'platform' : path.map((part) => String(part)).join('.');
}

/** In the order of the file, each once. */
function toProblems(flaws: readonly Flaw[], source: Source, path: string): Problem[] {
  const unique = new Map(flaws.map((flaw) => [`${flaw.offset} ${flaw.message}`, flaw]));
  return [...unique.values()]
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, message }) => problem('PLATFORM_INVALID', message, `${path}:${source.place(offset)}`));
}
