import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../ports.ts';
import { startProcess } from '../process.ts';
import { findPrometheus } from '../programs.ts';
import type { Restartable } from '../restartable.ts';
import { restartable } from '../restartable.ts';

export type LabPrometheus = Restartable & { readonly url: string };

/**
 * Prometheus, as Debian has it, on loopback. It scrapes one target so often; what it has scraped survives a restart.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED
 */
export async function startPrometheus(options: {
  stateDir: string;
  target: string;
  /** Milliseconds, 200 unless given. */
  scrapeMs?: number;
}): Promise<LabPrometheus> {
  const { stateDir, target, scrapeMs = 200 } = options;
  const [command, port] = [await findPrometheus(), await freePort()];
  const address = `127.0.0.1:${port}`;
  const folder = join(stateDir, `prometheus-${port}`);
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'prometheus.yml');
  const interval = `${scrapeMs}ms`;
  const job = { job_name: 'lab', static_configs: [{ targets: [target] }] };
  writeFileSync(
    config,
    stringify({ global: { scrape_interval: interval, scrape_timeout: interval }, scrape_configs: [job] }),
  );
  const process_ = restartable(() =>
    startProcess({
      ...{ stateDir, name: `prometheus-${port}`, part: 'prometheus', command, ports: [port] },
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
      ],
      endpoints: { url: `http://${address}` },
      ready: async () => (await fetch(`http://${address}/-/ready`)).ok,
    }),
  );
  await process_.start();
  return { ...process_, url: `http://${address}` };
}
