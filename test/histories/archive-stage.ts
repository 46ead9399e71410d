import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { startTemporal } from '../../lab/temporal/temporal.ts';
import { registerSearchAttributes } from '../../workers/search-attributes.ts';
import type { ArchiveRig } from '../support/archive-rig.ts';
import { startArchiveRig } from '../support/archive-rig.ts';
import type { ArchiveWorld } from '../support/archive-world.ts';
import { archiveWorld } from '../support/archive-world.ts';
import type { ArchiveHarness } from '../workflows/archive/harness.ts';
import { startArchiveHarness } from '../workflows/archive/harness.ts';
import { createWorld } from '../workflows/run/world.ts';

/** The real workflows and steps over an archive in memory, on a real server. */
export type ArchiveStage = {
  stateDir: string;
  client: Client;
  harness: ArchiveHarness;
  /** Another one with each case. */
  fresh: () => ArchiveWorld;
  stop: () => Promise<void>;
};

/** Starts everything in a folder of its own. */
export async function openArchiveStage(): Promise<ArchiveStage> {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-histories-'));
  const stops: (() => Promise<void>)[] = [async () => rmSync(stateDir, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let next = stops.pop(); next; next = stops.pop()) await next();
  };
  try {
    const temporal = await startTemporal({ stateDir });
    const { address } = temporal;
    stops.push(() => temporal.stop());
    const connection = await Connection.connect({ address });
    stops.push(() => connection.close());
    await registerSearchAttributes(connection, 'default');
    const native = await NativeConnection.connect({ address });
    stops.push(() => native.close());
    const client = new Client({ connection });
    const archive = { now: archiveWorld() };
    const harness = await startArchiveHarness({ client, native }, createWorld(), archive);
    stops.push(() => harness.stop());
    const fresh = (): ArchiveWorld => {
      archive.now = archiveWorld();
      archive.now.store.thawMs = () => 0;
      return archive.now;
    };
    return { stateDir, client, harness, fresh, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A small cluster, a Redis group and an object store, which are backed up. */
export type BackupStage = { stateDir: string; rig: ArchiveRig; stop: () => Promise<void> };

/** Starts everything, with some rows in the one table. */
export async function openBackupStage(): Promise<BackupStage> {
  const serverDir = mkdtempSync(join(tmpdir(), 'gantry-histories-'));
  const temporal = await startTemporal({ stateDir: serverDir });
  const connection = await Connection.connect({ address: temporal.address });
  await registerSearchAttributes(connection, 'default');
  const rig = await startArchiveRig({ address: temporal.address, client: new Client({ connection }) });
  await rig.sql('CREATE DATABASE usage');
  await rig.sql('CREATE TABLE usage.events (d Date, n UInt64) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY n');
  await rig.sql("INSERT INTO usage.events SELECT toDate('2026-01-15'), number FROM numbers(10)");
  const stop = async (): Promise<void> => {
    await rig.stop();
    await connection.close();
    await temporal.stop();
    rmSync(serverDir, { recursive: true, force: true });
  };
  return { stateDir: rig.stateDir, rig, stop };
}
