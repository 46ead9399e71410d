import { isDeepStrictEqual } from 'node:util';
import { GantryError, problem, refusal } from '../../errors/index.ts';
import { parsePlatform } from '../load.ts';
import { fields, matches } from '../references.ts';
import type { Line } from '../source.ts';
import { readSource } from '../source.ts';
import type { ImageReference } from './image.ts';
import { parseImage } from './image.ts';

/** An image of `rollout.images`, as the file has it. */
export type ListedImage = { key: string; text: string; reference: ImageReference; place: string };

/**
 * The images that a platform file lists. A tag without a digest, or with a placeholder beside it, is no problem here: it is what
 * is to be resolved. `path` is only for the places of problems.
 * @throws GantryError PLATFORM_INVALID with every other problem of the file, each with `file:line:column`
 */
export function listedImages(text: string, path: string): ListedImage[] {
  const source = readSource(text);
  const listed = matches(source.content, ['rollout', 'images', '*']).flatMap(({ key, path: at, value }) => {
    const reference = typeof value === 'string' ? parseImage(value) : undefined;
    if (typeof value !== 'string' || !reference) return [];
    return [{ at, image: { key, text: value, reference, place: `${path}:${source.place(source.valueAt(at))}` } }];
  });
  const byTag = new Set(
    listed.filter(({ image }) => image.reference.tag !== undefined).map(({ image }) => image.place),
  );
  const problems = [
    ...problemsOf(text, path).filter(({ place }) => !byTag.has(place ?? '')),
    ...listed
      .filter(({ at }) => source.lineAt(at) === undefined)
      .map(({ image: { key, place } }) =>
        problem('PLATFORM_INVALID', `rollout.images.${key}: write the image itself, on one line`, place),
      ),
  ];
  if (problems.length > 0) throw refusal(problems, { path });
  return listed.map(({ image }) => image);
}

/**
 * The same text with other images, by their keys; every other character stays as it is.
 * @throws GantryError PLATFORM_INVALID when what comes out is no platform file
 */
export function withImages(text: string, path: string, images: Readonly<Record<string, string>>): string {
  const source = readSource(text);
  const lines = Object.entries(images).flatMap(([key, image]): (Line & { image: string })[] => {
    const line = source.lineAt(['rollout', 'images', key]);
    return line ? [{ ...line, image }] : [];
  });
  const after = lines
    .sort((a, b) => b.start - a.start)
    .reduce((all, { start, end, quote, image }) => all.slice(0, start) + quote + image + quote + all.slice(end), text);
  parsePlatform(after, path);
  // An anchor at an image, say, would change what refers to it as well.
  if (!isDeepStrictEqual(readSource(after).content, meant(source.content, images)))
    throw new GantryError('PLATFORM_INVALID', `${path}: the images cannot be changed without changing something else`);
  return after;
}

function meant(content: unknown, images: Readonly<Record<string, string>>): unknown {
  const rollout = fields(fields(content)['rollout']);
  return { ...fields(content), rollout: { ...rollout, images: { ...fields(rollout['images']), ...images } } };
}

function problemsOf(text: string, path: string): GantryError['problems'] {
  try {
    parsePlatform(text, path);
    return [];
  } catch (error) {
    if (error instanceof GantryError) return error.problems;
    throw error;
  }
}
