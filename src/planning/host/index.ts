export { arrayStanding } from './disks/array-standing.ts';
export type { ArrayStanding } from './disks/array-standing.ts';
export { filesystemStanding, tableStanding } from './disks/content-standing.ts';
export type { ContentStanding } from './disks/content-standing.ts';
export { fstabLine, fstabStanding, withFstabLine, withoutFstabLine } from './disks/fstab.ts';
export type { FstabStanding } from './disks/fstab.ts';
export { namesArray, withArrayLine, withoutArrayLine } from './disks/mdadm-conf.ts';
export { generationOf, livesOn } from './disks/generation.ts';
export type { DiskStanding } from './disks/standing.ts';
export {
  contentsInWords,
  diskFindings,
  diskStanding,
  parseWipe,
  plain,
  sameUuid,
  signatureKey,
  wipeToken,
} from './disks/standing.ts';
export type {
  ArrayFacts,
  ContentFacts,
  DiskFacts,
  DisksFacts,
  HostUuids,
  PartitionFacts,
  Signature,
  Wipe,
} from './disks/types.ts';
export { compareHardware } from './hardware/compare.ts';
export type { HardwareVerdict, Mismatch } from './hardware/compare.ts';
export { clockVerdict } from './hardware/clock.ts';
export type { ClockFacts, HardwareFacts, HardwareWanted, NicFacts } from './hardware/types.ts';
export { onboardFindings } from './onboard/findings.ts';
export { densities, densitiesInWords } from './onboard/densities.ts';
export type { OnboardPlanning } from './onboard/plan.ts';
export type { HostCapacity, VmShape } from './onboard/densities.ts';
export type { ConformanceData, ConformanceIntent } from './conformance/plan.ts';
export { planConformance } from './conformance/plan.ts';
export { mayQuarantine } from './conformance/quarantine.ts';
export { planOnboard } from './onboard/plan.ts';
export type { DensityBound, PlannedDensity } from './onboard/types.ts';
export type { OnboardData, OnboardFacts, OnboardIntent } from './onboard/types.ts';
export type { NetworkData, NetworkFacts } from './network/network.ts';
export { planNetwork } from './network/network.ts';
export type { Finding } from './types.ts';
export { planFleetOnboard } from './fleet-onboard/plan.ts';
export type { FleetHost, FleetIntent, FleetPlanning } from './fleet-onboard/plan.ts';
