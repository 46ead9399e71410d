import { createRequire } from 'node:module';

/** Gantry's own version. */
export const { version: gantryVersion } = createRequire(import.meta.url)('../../package.json') as { version: string };
