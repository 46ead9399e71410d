import type { HostActivities } from '../../activities/host/index.ts';
import type { HostConformanceInput, HostVerdict, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';

/** Hosts named in one notice; the report has them all. */
const mostTold = 50;

/**
 * Compares hosts with what the platform file wants of them, and quarantines the Nodes of those that drifted where the file says so. It
 * changes no host. Runbook: docs/host/conformance.md.
 */
export async function hostConformance(input: HostConformanceInput): Promise<RunReport> {
  return openRun('host.conformance', input, async (run) => {
    // Hosts are reached from within their region.
    const host = domainRefs<HostActivities, 'host'>('host', run.region);
    const plan = await run.plan(host.planConformance, input);
    const { chunks, quarantine, mostQuarantined } = plan.data;
    const drifted: HostVerdict[] = [];
    for (const serials of chunks) {
      const title = serials.length === 1 ? `look at ${String(serials[0])}` : `look at ${serials.length} hosts`;
      const seen = await run.step(title, host.inspectHosts, { serials }, { profile: 'slow' });
      drifted.push(...(seen?.after ?? []).filter(({ drifts }) => drifts.length > 0));
    }
    run.measure('drifted', drifted.length);
    run.measure('unanswered', drifted.filter(({ unanswered }) => unanswered).length);
    if (drifted.length === 0) return;
    run.tell(plan.title, drifted.slice(0, mostTold).map(inWords));
    const due = quarantine ? drifted.filter(({ quarantined }) => !quarantined).slice(0, mostQuarantined) : [];
    for (const { serial } of due)
      await run.step(`quarantine the Node of ${serial}`, host.quarantineNode, { serial }, { undo: true });
    run.measure('quarantined', due.length);
  });
}

function inWords({ serial, drifts }: HostVerdict) {
  const [first] = drifts;
  const more = drifts.length > 1 ? `, and ${drifts.length - 1} more` : '';
  const message = `${serial}: ${first?.step ?? ''}: wanted: ${first?.wanted ?? ''}; found: ${first?.found ?? ''}${more}`;
  return { code: 'HOST_NOT_CONFORMING' as const, message, place: serial };
}
