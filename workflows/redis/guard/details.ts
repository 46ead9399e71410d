import type { GuardStatus } from '../../../src/runs/index.ts';

/** A guard as Markdown for the UI's "current details": what an engineer asks at 3 a.m., in that order. */
export function guardMarkdown(status: GuardStatus): string {
  const { target, state, since, mode, restraint, alarm, unwatched, paused, primary, last, auditedAt } = status;
  const lines = [
    `Guard of **${target}**: **${state}** since ${since}; mode ${mode}${restraint ? ` (${restraint})` : ''}`,
  ];
  if (status.proxyFor) lines.push('', `The guard that does the work is \`${status.proxyFor}\`.`);
  if (paused) {
    const until = paused.until ? `until ${paused.until}` : `until \`gantry redis guard ${target} --resume\``;
    lines.push('', `Paused by ${paused.by} ${until}: ${paused.reason}. **The group is not watched.**`);
  }
  if (unwatched) {
    lines.push('', `**No worker has watched since ${unwatched.since}**: ${unwatched.code}: ${unwatched.message}`);
  }
  if (alarm) {
    lines.push('', `**${alarm.node} has not answered since ${alarm.since}**: ${alarm.why}`);
    if (alarm.lastRefusal) {
      const { code, message, at } = alarm.lastRefusal;
      lines.push(
        '',
        `No failover (${alarm.refusals} in a row came to nothing), the last at ${at}: ${code}: ${message}`,
      );
    }
    if (alarm.nextTryAt) lines.push('', `Next attempt not before ${alarm.nextTryAt}.`);
  }
  if (primary) {
    const offset = last ? `offset ${last.offset} of ${last.node} at ${last.at}` : 'no offset yet';
    lines.push(
      '',
      `Primary **${primary}**, last known: ${offset}. Newer ones are in the heartbeat of the pending activity.`,
    );
  }
  if (status.lags.length > 0) {
    lines.push('', '| replica | behind | last heard from |', '|---|---|---|');
    for (const { replica, online, lagBytes, ackedSecondsAgo } of status.lags) {
      lines.push(`| ${cell(replica)} | ${online ? `${lagBytes} bytes` : 'not online'} | ${ackedSecondsAgo} s ago |`);
    }
  }
  if (status.findings.length > 0) {
    lines.push('', '| found | where | since | |', '|---|---|---|---|');
    for (const { code, message, place, since: from, during } of status.findings) {
      const note = during ? ` (while ${during} held the group)` : '';
      lines.push(`| ${code} | ${cell(place ?? '')} | ${from} | ${cell(message)}${note} |`);
    }
  } else if (auditedAt) {
    lines.push('', `As the platform file says, at ${auditedAt}.`);
  }
  if (status.failovers.length > 0) {
    lines.push('', '| failover | of | outcome | |', '|---|---|---|---|');
    for (const { workflowId, node, outcome, code, message } of status.failovers) {
      const words = code ? `${code}: ${cell(message ?? '')}` : '';
      lines.push(`| ${workflowId} | ${node} | ${outcome ?? 'under way'} | ${words} |`);
    }
  }
  return lines.join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
