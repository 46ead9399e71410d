import { loadPlatform } from '../src/platform/index.ts';
import { gantryVersion, loadSettings } from '../src/settings/index.ts';
import { createLog } from '../src/telemetry/log.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import type { Role } from './all.ts';
import { roles, startWorkers } from './all.ts';
import { serveHealth } from './health.ts';
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
const { connection, taskQueue, healthPort } = settings;
const chosen = wanted.length > 0 ? wanted : known;
const metrics = createMetrics({ role: chosen.join(','), version: gantryVersion });
const workers = await startWorkers(
  { connection, taskQueue, platform: loadPlatform(settings.platformPath), log, metrics },
  chosen,
);
const health = healthPort === undefined ? undefined : await serveHealth(healthPort, { ...workers, metrics });
log.info({ roles: chosen, taskQueue, address: connection.address }, 'workers are polling');
const stop = (): void =>
  void workers
    .stop()
    .then(() => health?.close())
    .then(() => process.exit(0));
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
await workers.failed.catch((error: unknown) => {
  log.fatal({ error }, 'a worker ended');
  process.exit(1);
});
