import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** What Node needs to run our TypeScript in a child process, whatever its current folder. */
export const runsTypeScript: readonly string[] = [
  '--import',
  pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
];

/**
 * The same for a worker: a small nursery, which V8 otherwise lets grow with garbage that it has no reason to collect
 * (500 open runs: docs/benchmarks.md). docs/deploy.md starts production's workers with the same flag.
 */
export const runsWorker: readonly string[] = ['--max-semi-space-size=2', ...runsTypeScript];
