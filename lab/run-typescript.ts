import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** From 24 on Node runs TypeScript by itself, without a warning. */
const byItself = Number(process.versions.node.split('.')[0]) >= 24;

/**
 * What Node needs to run our TypeScript in a child process, whatever its current folder. tsx costs each process 0.3 s of CPU
 * before its first line: a discovery of the lab starts with 0.5 s on Node 20 and with 0.2 s on Node 26.
 */
export const runsTypeScript: readonly string[] = byItself
  ? []
  : ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];

/**
 * The same for a worker: a small nursery, which V8 otherwise lets grow with garbage that it has no reason to collect
 * (500 open runs: docs/benchmarks.md). docs/deploy.md starts production's workers with the same flag.
 */
export const runsWorker: readonly string[] = ['--max-semi-space-size=2', ...runsTypeScript];
