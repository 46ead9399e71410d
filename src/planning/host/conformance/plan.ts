import type { DraftOf } from '../../../runs/index.ts';
import type { Finding } from '../types.ts';
import { mayQuarantine } from './quarantine.ts';

export type ConformanceIntent = {
  /** A serial number or a zone. */
  hosts: string;
  /** Of the inventory, in order. */
  serials: readonly string[];
  quarantine: 'report' | 'taint';
};

export type ConformanceData = {
  /** Hosts that one activity looks at together. */
  chunks: readonly (readonly string[])[];
  quarantine: boolean;
  /** Nodes that one run quarantines. */
  mostQuarantined: number;
};

export type ConformancePlanning =
  { ok: true; draft: DraftOf<'host.conformance', ConformanceData> } | { ok: false; findings: readonly Finding[] };

/** Hosts per activity: its answer stays well below what Temporal takes, and 10,000 hosts are 400 steps. */
const chunkSize = 25;

/** Which hosts are looked at, and what is done with one that drifted. Pure. Runbook: docs/host/conformance.md. */
export function planConformance({ hosts, serials, quarantine }: ConformanceIntent): ConformancePlanning {
  if (serials.length === 0) {
    const message = `the inventory has no host ${hosts}, and none in a zone of that name`;
    return { ok: false, findings: [{ code: 'HOST_UNKNOWN', message, place: 'hosts' }] };
  }
  const chunks = Array.from({ length: Math.ceil(serials.length / chunkSize) }, (_, at) =>
    serials.slice(at * chunkSize, (at + 1) * chunkSize),
  );
  const taints = quarantine === 'taint';
  const what = serials.length === 1 ? serials[0] : `${serials.length} hosts of ${hosts}`;
  return {
    ok: true,
    draft: {
      title: `Compare ${String(what)} with the platform file`,
      actions: [
        {
          step: 'host.inspect-hosts',
          what: 'Look at every step of an onboarding; change nothing on the host',
          reversible: true,
        },
        ...(taints
          ? [
              {
                step: 'host.quarantine-node' as const,
                what: 'Taint the Nodes of those that drifted, a tenth of all at most, so that no further VM is placed there',
                reversible: true,
              },
            ]
          : []),
      ],
      ...{ facts: [], warnings: [], irreversible: [], voidIf: [] },
      data: { chunks, quarantine: taints, mostQuarantined: mayQuarantine(serials.length) },
    },
  };
}
