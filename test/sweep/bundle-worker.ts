import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { build } from 'esbuild';

/** Files that are read beside their modules are where the sources are, not beside the bundle. */
const sourceUrls: Plugin = {
  name: 'source-urls',
  setup: (bundler) =>
    bundler.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { loader: 'ts', contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)) };
    }),
};

let bundle: Promise<string> | undefined;

/**
 * The process of a sweep's worker, bundled until this process ends. A sweep starts two or three workers a point, and hundreds
 * of modules through tsx cost each of them seconds of CPU. Packages are loaded as ever, so it lies in the project; what a
 * role alone needs is a file of its own.
 * @returns its path.
 */
export function bundleWorker(): Promise<string> {
  bundle ??= buildWorker();
  return bundle;
}

async function buildWorker(): Promise<string> {
  const outdir = join(fileURLToPath(new URL('../../.gantry', import.meta.url)), `sweep-worker-${process.pid}`);
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
  await build({
    ...{ entryPoints: [fileURLToPath(new URL('./worker-main.ts', import.meta.url))], outdir, plugins: [sourceUrls] },
    ...{ bundle: true, splitting: true, platform: 'node', format: 'esm', packages: 'external' },
    ...{ outExtension: { '.js': '.mjs' }, sourcemap: true, logLevel: 'error' },
  });
  return join(outdir, 'worker-main.mjs');
}
