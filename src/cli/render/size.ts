const names = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes for people, in powers of 1000 as disks are sold: `113 MB`, `1.2 TB`. */
export function bytes(size: number): string {
  let [value, unit] = [Math.abs(size), 0];
  while (value >= 999.5 && unit < names.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const text = unit > 0 && value < 9.95 ? value.toFixed(1) : String(Math.round(value));
  return `${size < 0 ? '-' : ''}${text} ${names[unit]}`;
}
