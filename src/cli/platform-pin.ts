import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { dockerLogins, imageRegistries } from '../drivers/oci/index.ts';
import type { FoundImage } from '../drivers/oci/index.ts';
import type { Problem } from '../errors/index.ts';
import { problem, refusal, troubleOf } from '../errors/index.ts';
import type { ListedImage } from '../platform/index.ts';
import { imageText, listedImages, readPlatformText, replacePlatform, withImages } from '../platform/index.ts';
import type { CliContext } from './context.ts';
import { globals, settingsOf } from './options.ts';
import { exitCodes, print, printJson, remark } from './output.ts';
import { clean } from './render/clean.ts';
import type { Pin } from './render/pins.ts';
import { pinLines } from './render/pins.ts';

type PinFlags = { dryRun?: boolean; check?: boolean; dockerConfig?: string };

/** What the hosts of the platform run. */
const platform = 'linux/amd64';
/** Images that are looked up at once. */
const together = 8;

/**
 * `gantry platform pin [file]`: resolves the tag of each image of `rollout.images` in its registry and writes the digest beside it.
 * All of them are looked up before anything is written; one that cannot be leaves the file as it is.
 */
export function addPlatformPin(parent: Command, context: CliContext): void {
  parent
    .command('pin')
    .description('Resolve the tags of rollout.images in their registries and write the digests into the platform file')
    .argument('[file]', 'default: GANTRY_PLATFORM, else ./platform.yaml')
    .option('--dry-run', 'show what would be written, write nothing')
    .option('--check', 'write nothing; exit code 1 when a tag has no digest, or another one now')
    .option('--docker-config <file>', 'the Docker configuration with the logins')
    .action(async (file: string | undefined, options: PinFlags, self: Command) => {
      const flags = globals(self);
      const path = file === undefined ? settingsOf(context, flags).platformPath : resolve(file);
      const before = readPlatformText(path);
      const pins = await resolved(listedImages(before, path), options, context);
      if (!pins) return remark(context, ['interrupted: nothing was written']);
      const changed = pins.filter(({ state }) => state === 'pinned' || state === 'moved');
      const written = changed.length > 0 && options.dryRun !== true && options.check !== true;
      if (changed.length > 0) {
        const after = withImages(before, path, Object.fromEntries(changed.map(({ name, image }) => [name, image])));
        if (written) await replacePlatform(path, { before, after });
      }
      if (options.check === true && changed.length > 0) context.exitCode = exitCodes.bad;
      if (flags.json) printJson(context, 'pins', { pins: { path, written, images: pins } });
      else print(context, pinLines(clean({ path, written, pins })));
    });
}

/** All images as their registries have them; nothing after Ctrl-C. @throws GantryError with every image that cannot be resolved */
async function resolved(
  images: readonly ListedImage[],
  { dockerConfig }: PinFlags,
  context: CliContext,
): Promise<Pin[] | undefined> {
  const folder = context.env['DOCKER_CONFIG'] ?? join(context.env['HOME'] ?? homedir(), '.docker');
  const path = dockerConfig === undefined ? join(folder, 'config.json') : resolve(dockerConfig);
  const logins = dockerLogins({ path, named: dockerConfig !== undefined });
  const registries = imageRegistries({ logins, platform, signal: context.interrupted });
  const pins: Pin[] = [];
  const problems: (Problem | undefined)[] = [];
  const queue = [...images.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next && !context.interrupted.aborted; next = queue.shift()) {
      const [at, { key, reference, place }] = next;
      const { name, tag, digest = '' } = reference;
      try {
        pins[at] = pinOf(next[1], await registries.find({ name, reference: tag ?? digest }));
      } catch (error) {
        const { code, message } = troubleOf(error);
        problems[at] = problem(code, `rollout.images.${key}: ${message}`, place);
      }
    }
  };
  await Promise.all(Array.from({ length: together }, work));
  if (context.interrupted.aborted) return undefined;
  const found = problems.filter((one) => one !== undefined);
  if (found.length > 0) throw refusal(found);
  return pins;
}

function pinOf({ key, reference }: ListedImage, { digest, platforms }: FoundImage): Pin {
  const { tag, digest: from } = reference;
  const state = tag === undefined ? 'untagged' : from === undefined ? 'pinned' : from === digest ? 'same' : 'moved';
  const image = imageText({ ...reference, digest });
  return { name: key, image, state, ...(from === undefined ? {} : { from }), digest, platforms };
}
