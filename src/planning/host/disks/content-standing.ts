import { sameUuid } from './standing.ts';
import type { ContentFacts, HostUuids } from './types.ts';

/** How the array's table, or the file system on its partition, stands. `unfinished`: a killed mkfs of ours. */
export type ContentStanding = { is: 'absent' | 'ours' | 'unfinished' } | { is: 'foreign'; what: string };

/** The end of the array that a table may leave unused: alignment and the backup of the table. Sectors. */
const slackSectors = 8_192;

/** Whether the array's table is this life's: one partition from the beginning to the end, by its GUIDs. Pure. */
export function tableStanding(content: ContentFacts | undefined, uuids: HostUuids): ContentStanding {
  if (!content || (content.signatures.length === 0 && !content.table)) return { is: 'absent' };
  const { table, signatures } = content;
  const other = signatures.filter(({ type }) => type !== 'gpt' && type !== 'PMBR');
  if (!table || other.length > 0)
    return { is: 'foreign', what: (other.length > 0 ? other : signatures).map(inWords).join(', ') };
  const [partition, ...more] = table.partitions;
  if (table.label !== 'gpt' || !sameUuid(table.uuid, uuids.label)) {
    return { is: 'foreign', what: `a table ${table.label} ${table.uuid}` };
  }
  if (!partition || more.length > 0 || !sameUuid(partition.uuid, uuids.partition)) {
    const held = table.partitions.map(({ name, uuid }) => `${name || 'unnamed'} ${uuid}`).join(', ') || 'no partition';
    return { is: 'foreign', what: `this host's own table with ${held}` };
  }
  const end = partition.start + partition.size;
  if (partition.start !== 2_048 || (table.lastSector !== undefined && table.lastSector - end > slackSectors)) {
    return { is: 'foreign', what: `this host's own partition, from ${partition.start} to ${end}` };
  }
  return { is: 'ours' };
}

/** Whether the file system on the partition is this life's, and whole. Pure. */
export function filesystemStanding(content: ContentFacts | undefined, uuids: HostUuids): ContentStanding {
  const held = content?.filesystem;
  if (!held) return { is: 'absent' };
  if (held.type !== 'xfs' || !sameUuid(held.uuid, uuids.filesystem)) {
    return { is: 'foreign', what: `${held.type}${held.label ? ` “${held.label}”` : ''} ${held.uuid}` };
  }
  return { is: held.unfinished ? 'unfinished' : 'ours' };
}

function inWords({ type, label, uuid }: { type: string; label?: string; uuid?: string }): string {
  return [type, ...(label ? [`“${label}”`] : []), ...(uuid ? [uuid] : [])].join(' ');
}
