import { loadPlatform } from '../src/platform/index.ts';
import { loadSettings } from '../src/settings/index.ts';
import { createLog } from '../src/telemetry/log.ts';
import type { Role } from './all.ts';
import { roles, startWorkers } from './all.ts';
import { installRuntime } from './runtime.ts';

// `node --import tsx workers/main.ts [role …]`: the workers of these roles, or of all, until SIGTERM or SIGINT.
const known = Object.keys(roles) as Role[];
const wanted = process.argv.slice(2).map((word) => {
  const role = known.find((name) => name === word);
  if (role) return role;
  process.stderr.write(`no such worker role: ${word}; there are ${known.join(', ')}\n`);
  return process.exit(2);
});
const settings = loadSettings(process.env);
const log = createLog(settings.logLevel);
installRuntime(log);
const { connection, taskQueue } = settings;
const workers = await startWorkers(
  { connection, taskQueue, platform: loadPlatform(settings.platformPath), log },
  wanted.length > 0 ? wanted : known,
);
log.info({ roles: wanted.length > 0 ? wanted : known, taskQueue, address: connection.address }, 'workers are polling');
const stop = (): void => void workers.stop().then(() => process.exit(0));
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
await workers.failed.catch((error: unknown) => {
  log.fatal({ error }, 'a worker ended');
  process.exit(1);
});
