import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** What Node needs to run our TypeScript in a child process, whatever its current folder. */
export const runsTypeScript: readonly string[] = [
  '--import',
  pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
];
