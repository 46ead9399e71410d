import type { HostStepInput } from '../../../src/runs/index.ts';
import type { DisksFacts, HostUuids } from '../../../src/planning/host/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { HostAccess, HostDeps } from '../access/access.ts';
import { hostUuids } from '../identity/uuid-v5.ts';
import { readDisks } from './read-disks.ts';

/** A host, the UUIDs of its life, and its disks as they are now. */
export type Storage = { access: HostAccess; uuids: HostUuids; facts: DisksFacts };

/** Looks at the disks of a host. @throws what reading them gives, HOST_UNKNOWN */
export async function storageOf(
  { serial, generation }: HostStepInput,
  { hosts }: HostDeps,
  { signal }: Pick<StepContext, 'signal'>,
): Promise<Storage> {
  const access = await hosts(serial);
  const uuids = hostUuids(serial, generation);
  const facts = await readDisks(access.ssh, { disks: access.config.disks, uuids }, { signal });
  return { access, uuids, facts };
}

/** The names under which the disks of a host are acted on, in the order of the inventory. */
export function diskPaths({ access, facts }: Storage): string[] {
  return access.config.disks.flatMap((serial) =>
    facts.disks.filter((one) => one.serial === serial).map(({ path }) => path),
  );
}
