import type { ProcedureTable } from '../../../src/steps/index.ts';
import { assembleArray } from '../disks/assemble-array.ts';
import { clearDisks } from '../disks/clear-disks.ts';
import { makeFilesystem } from '../disks/make-filesystem.ts';
import { mountStorage } from '../disks/mount-storage.ts';
import { partitionArray } from '../disks/partition-array.ts';
import { checkHardware } from '../hardware/check-hardware.ts';
import { verifyIdentity } from '../identity/verify-identity.ts';
import { burnIn } from '../burn-in/burn-in.ts';
import { changeNetwork } from '../network/change-network.ts';
import { admitNode } from '../node/admit-node.ts';
import { registerNode } from '../node/register-node.ts';
import { startService } from '../services/start-service.ts';
import { hardenHost } from '../system/harden-host.ts';
import { rebootHost } from '../system/reboot-host.ts';
import { onboardPlan } from './plan.ts';

/** What a run of host.onboard is made of. */
export const onboard = {
  hostPlanOnboard: onboardPlan,
  hostVerifyIdentity: verifyIdentity,
  hostCheckHardware: checkHardware,
  hostClearDisks: clearDisks,
  hostAssembleArray: assembleArray,
  hostPartitionArray: partitionArray,
  hostMakeFilesystem: makeFilesystem,
  hostMountStorage: mountStorage,
  hostChangeNetwork: changeNetwork,
  hostHardenHost: hardenHost,
  hostRebootHost: rebootHost,
  hostStartService: startService,
  hostBurnIn: burnIn,
  hostRegisterNode: registerNode,
  hostAdmitNode: admitNode,
} satisfies ProcedureTable<'host.onboard'>;
