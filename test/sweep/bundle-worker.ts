import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { build } from 'esbuild';

/** Files that are read beside their modules are where the sources are, not beside the bundle. */
const sourceUrls: Plugin = {
  name: 'source-urls',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { loader: 'ts', contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)) };
    }),
};

let bundle: Promise<string> | undefined;

/**
 * The process of a sweep's worker in one file, until this process ends. A sweep starts two or three workers a point: hundreds
 * of modules through tsx cost each of them 9 s of CPU, the bundle 3.6 s. Its packages are loaded as ever, so it lies in the
 * project.
 * @returns its path.
 */
export function bundleWorker(): Promise<string> {
  bundle ??= buildWorker();
  return bundle;
}

async function buildWorker(): Promise<string> {
  const outfile = join(fileURLToPath(new URL('../../.gantry', import.meta.url)), `sweep-worker-${process.pid}.mjs`);
  await build({
    ...{ entryPoints: [fileURLToPath(new URL('./worker-main.ts', import.meta.url))], outfile, plugins: [sourceUrls] },
    ...{ bundle: true, platform: 'node', format: 'esm', packages: 'external', sourcemap: true, logLevel: 'error' },
  });
  process.once('exit', () => [outfile, `${outfile}.map`].forEach((file) => rmSync(file, { force: true })));
  return outfile;
}
