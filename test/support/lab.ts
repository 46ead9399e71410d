import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, onTestFinished } from 'vitest';
import { GantryError } from '../../src/errors/index.ts';
import { findBmc } from '../../lab/bmc.ts';
import { findOwnNetwork } from '../../lab/own-network.ts';
import { findSmallDisk } from '../../lab/faults/small-disk.ts';
import { findHostImage } from '../../lab/host/image.ts';
import { findIstio, findKubernetes } from '../../lab/kubernetes/programs.ts';
import {
  fakeTimeLibrary,
  findChromium,
  findClickHouse,
  findCompose,
  findModernClickHouse,
  findMoto,
  findPrometheus,
  findRedisServer,
  findRegistry,
  findSchemathesis,
  findStockTemporal,
  findTemporalCli,
  findTimeSkippingServer,
  valkeyRoot,
} from '../../lab/programs.ts';

const find = {
  redis: findRedisServer,
  clickhouse: findClickHouse,
  'clickhouse-modern': findModernClickHouse,
  'small-disk': findSmallDisk,
  'own-network': findOwnNetwork,
  bmc: findBmc,
  valkey: valkeyRoot,
  s3: findMoto,
  prometheus: findPrometheus,
  registry: findRegistry,
  schemathesis: findSchemathesis,
  faketime: fakeTimeLibrary,
  chromium: findChromium,
  compose: findCompose,
  kubernetes: findKubernetes,
  istio: findIstio,
  host: findHostImage,
  temporal: findTemporalCli,
  'temporal-stock': findStockTemporal,
  'time-skipping': findTimeSkippingServer,
};

export type LabNeed = keyof typeof find;

/**
 * Tests that need a part of the lab: `describeWith(['redis'], 'a handover', () => …)`. Where the part can't be had they
 * are skipped, with the reason in their name; with GANTRY_LAB=required one test fails in their place. Call it with `await`.
 */
export async function describeWith(needed: readonly LabNeed[], name: string, tests: () => void): Promise<void> {
  const reason = await needs(...needed);
  if (reason === undefined) describe(name, tests);
  else describe.skip(`${name} (skipped: ${reason})`, tests);
}

/**
 * Why these parts can't be had; undefined when all can. For `test.skipIf`, `describe.skipIf`.
 * @throws GantryError LAB_PART_MISSING with GANTRY_LAB=required, which fails the file
 */
export async function needs(...needed: readonly LabNeed[]): Promise<string | undefined> {
  for (const part of needed) {
    try {
      await find[part]();
    } catch (error) {
      if (!(error instanceof GantryError) || process.env['GANTRY_LAB'] === 'required') throw error;
      return error.message;
    }
  }
  return undefined;
}

/** A state folder of the test's own, gone when it ends. */
export function labFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Stops what was started when the test ends, however it ends; last started, first stopped. */
export function stopping<T extends { stop(): unknown }>(started: T): T {
  onTestFinished(async () => void (await started.stop()));
  return started;
}
