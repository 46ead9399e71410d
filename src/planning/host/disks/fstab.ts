/** What is mounted where, as /etc/fstab says. */
export type FstabStanding = { is: 'ours' | 'absent' | 'changed' } | { is: 'taken'; line: string };

/**
 * How long a boot waits for the array to appear. The rest of it goes on meanwhile (`nofail`), so a long time costs nothing; when it is over,
 * systemd gives the mount up and never tries again: a host whose boot was slow would stay without its VM storage.
 */
const deviceWithin = '5min';

/** The line of the VM storage: a host whose array is missing boots all the same. */
export function fstabLine(filesystem: string, mountPoint: string): string {
  return `UUID=${filesystem} ${mountPoint} xfs noatime,nofail,x-systemd.device-timeout=${deviceWithin} 0 0`;
}

/** How /etc/fstab stands: a line of another file system at our place is not ours to replace. Pure. */
export function fstabStanding(text: string, filesystem: string, mountPoint: string): FstabStanding {
  const lines = text.split('\n').filter((line) => concerns(line, filesystem, mountPoint));
  const taken = lines.find((line) => fieldsOf(line)[0] !== `UUID=${filesystem}`);
  if (taken !== undefined) return { is: 'taken', line: taken.trim() };
  if (lines.length === 0) return { is: 'absent' };
  return lines.length === 1 && lines[0] === fstabLine(filesystem, mountPoint) ? { is: 'ours' } : { is: 'changed' };
}

/** The text with our line and no other that concerns it; every other line as it was. Pure. */
export function withFstabLine(text: string, filesystem: string, mountPoint: string): string {
  const rest = withoutFstabLine(text, filesystem, mountPoint);
  return `${rest}${rest === '' || rest.endsWith('\n') ? '' : '\n'}${fstabLine(filesystem, mountPoint)}\n`;
}

/** The text without any line of that file system. Pure. */
export function withoutFstabLine(text: string, filesystem: string, mountPoint: string): string {
  return text
    .split('\n')
    .filter((line) => !concerns(line, filesystem, mountPoint) || fieldsOf(line)[0] !== `UUID=${filesystem}`)
    .join('\n');
}

function concerns(line: string, filesystem: string, mountPoint: string): boolean {
  const [source = '', target = ''] = fieldsOf(line);
  if (source === '' || source.startsWith('#')) return false;
  return source === `UUID=${filesystem}` || target.replace(/(.)\/+$/, '$1') === mountPoint;
}

function fieldsOf(line: string): string[] {
  return line.trim().split(/\s+/);
}
