import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = ['workflows', 'src/runs', 'src/errors', 'package-lock.json'];

/**
 * The workflow bundle, built once for a state of the sources and kept under `.gantry/`: a worker starts a second sooner
 * with one that was built ahead. The name carries the digest of what it was made of, so that it is never a stale one.
 * @param workflowsPath another entry than `workflows/index.ts` (tests).
 * @returns the path of the bundle.
 * @throws when the bundler refuses the code, with all that it said.
 */
export async function buildBundle(workflowsPath = join(root, 'workflows/index.ts')): Promise<string> {
  const path = join(root, '.gantry', `workflows-${digest(workflowsPath)}.js`);
  if (existsSync(path)) return path;
  // The bundler brings webpack: loaded only when there is something to build.
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const said: string[] = [];
  const note = (message: string): void => void said.push(message);
  const quiet = { log: note, trace: note, debug: note, info: note, warn: note, error: note };
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: quiet }).catch((error: unknown) => {
    throw new Error(`the workflow bundle can't be built: ${String(error)}\n${said.join('\n')}`, { cause: error });
  });
  await mkdir(join(root, '.gantry'), { recursive: true });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, code);
  await rename(draft, path);
  return path;
}

/** Removes the bundles of earlier states of the sources. */
export async function removeOldBundles(keep: string): Promise<void> {
  const dir = join(root, '.gantry');
  for (const name of readdirSync(dir)) {
    if (/^workflows-[0-9a-f]+\.js$/.test(name) && join(dir, name) !== keep) await rm(join(dir, name));
  }
}

function digest(entry: string): string {
  const hash = createHash('sha256').update(relative(root, entry)).update(readFileSync(entry));
  for (const source of sources) addTo(hash, join(root, source));
  return hash.digest('hex').slice(0, 16);
}

function addTo(hash: ReturnType<typeof createHash>, path: string): void {
  if (!/\.\w+$/.test(path)) {
    for (const name of readdirSync(path).sort()) addTo(hash, join(path, name));
    return;
  }
  hash.update(relative(root, path)).update(readFileSync(path));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = await buildBundle();
  await removeOldBundles(path);
  console.log(relative(root, path));
}
