export type { ManifestSigner, PublicKeys } from './keys.ts';
export { manifestSigner } from './keys.ts';
export { gunzippedLines, through } from './lines.ts';
export type { ManifestTrust, TrustedManifest } from './read.ts';
export { readManifest, storedObjects } from './read.ts';
export { backupObject } from './schema.ts';
export { writeManifest } from './write.ts';
