/** An image of the platform file, and what its registry has under its tag; without a tag, under its digest. */
export type Pin = {
  name: string;
  /** As the file has it, or would have it. */
  image: string;
  state: 'pinned' | 'moved' | 'same' | 'untagged';
  /** The digest that the file had. */
  from?: string;
  digest: string;
  platforms: readonly string[];
};

const words = { pinned: 'pinned', moved: 'moved', same: 'same', untagged: 'no tag' } as const;

/** One line for each image, with the old digest where the tag has moved, and a last one about the file. */
export function pinLines({ path, written, pins }: { path: string; written: boolean; pins: readonly Pin[] }): string[] {
  if (pins.length === 0) return [`${path}: rollout.images is empty`];
  const width = Math.max(...pins.map(({ name }) => name.length));
  const changes = pins.filter(({ state }) => state === 'pinned' || state === 'moved').length;
  const untagged = pins.filter(({ state }) => state === 'untagged').length;
  const last =
    changes === 0
      ? 'nothing to change'
      : written
        ? `${changes} of ${pins.length} images written`
        : `${changes} of ${pins.length} images would change; nothing was written`;
  return [
    ...pins.flatMap(({ name, image, state, from }) => [
      `${words[state].padEnd(6)}  ${name.padEnd(width)}  ${image}`,
      ...(state === 'moved' ? [`${' '.repeat(width + 10)}before: ${from ?? ''}`] : []),
    ]),
    `${path}: ${last}`,
    ...(untagged === 0 ? [] : [`${untagged} without a tag: in their registry, and never moved by this command`]),
  ];
}
