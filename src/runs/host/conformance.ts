import type { RunInput } from '../protocol.ts';

/** The steps of its runs, in the order in which they first take place. */
export const conformanceSteps = ['inspect-hosts', 'quarantine-node'] as const;

/** The input of a run that compares hosts with what the platform file wants of them. */
export type HostConformanceInput = RunInput & {
  /** A host by its serial number, or a zone: every host of the inventory there. */
  hosts: string;
};

/** Some hosts, looked at by one activity. */
export type InspectHostsInput = { serials: readonly string[] };

export type QuarantineInput = { serial: string };

/** One difference between a host and what is wanted of it. */
export type HostDrift = {
  /** `<domain>.<step>`, or a control of the hardening. */
  step: string;
  wanted: string;
  found: string;
};

export type HostVerdict = {
  serial: string;
  /** It did not answer: nothing is known of it, so it does not conform. */
  unanswered?: true;
  /** Its Node carries the quarantine already. */
  quarantined?: true;
  drifts: readonly HostDrift[];
};
