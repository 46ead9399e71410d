/** The five fields of a schedule: which minutes, hours, days of the month, months and days of the week (Sunday 0). */
export type Cron = {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  days: ReadonlySet<number>;
  months: ReadonlySet<number>;
  weekdays: ReadonlySet<number>;
};

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** `10 2 * * mon-fri` → its fields; undefined for anything that is none. */
export function parseCron(text: string): Cron | undefined {
  const words = text.trim().split(/\s+/);
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = words;
  if (words.length !== 5) return undefined;
  const minutes = field(minute, 0, 59);
  const hours = field(hour, 0, 23);
  const days = field(day, 1, 31);
  const months = field(month, 1, 12, monthNames, 1);
  const weekdays = field(weekday, 0, 7, dayNames, 0);
  if (!minutes || !hours || !days || !months || !weekdays) return undefined;
  // Both 0 and 7 are Sunday.
  return { minutes, hours, days, months, weekdays: new Set([...weekdays].map((one) => one % 7)) };
}

function field(
  text: string,
  min: number,
  max: number,
  names: readonly string[] = [],
  first = 0,
): Set<number> | undefined {
  const found = new Set<number>();
  const number = (word: string): number => {
    const named = names.indexOf(word.toLowerCase());
    return named >= 0 ? named + first : /^\d+$/.test(word) ? Number(word) : NaN;
  };
  for (const item of text.split(',')) {
    const [range = '', step, ...rest] = item.split('/');
    const every = step === undefined ? 1 : /^\d+$/.test(step) ? Number(step) : 0;
    const [low = '', high, ...more] = range.split('-');
    // `5/15` is `5-59/15`, as everywhere.
    const from = range === '*' ? min : number(low);
    const to = range === '*' ? max : high === undefined ? (step === undefined ? from : max) : number(high);
    const sound = from >= min && to <= max && from <= to && every > 0 && rest.length + more.length === 0;
    if (!sound) return undefined;
    for (let value = from; value <= to; value += every) found.add(value);
  }
  return found;
}
