import { copyFile, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';

// node --import tsx lab/temporal/download.ts <version> <target>: the SDK's own download, kept in the project's cache.
// Called by scripts/setup-temporal.sh only. The SDK has no "download only": it starts the server once.
const [version, target] = process.argv.slice(2);
if (!version || !target) throw new TypeError('usage: download-temporal.ts <version> <target>');

const downloadDir = await mkdtemp(join(tmpdir(), 'gantry-temporal-'));
try {
  const executable = { type: 'cached-download', downloadDir, version: `v${version}` } as const;
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await environment.teardown();
  const [file] = await readdir(downloadDir);
  if (!file) throw new Error(`the SDK left nothing in ${downloadDir}`);
  await copyFile(join(downloadDir, file), `${target}.new`);
  await rename(`${target}.new`, target);
} finally {
  await rm(downloadDir, { recursive: true, force: true });
}
