/** Everything but the newline; tab is a space of unknown width. */
const control = /[\p{Cc}\p{Cf}]/gu;

/**
 * `value` with the control characters in its texts made harmless: what a system said, or a person typed, must not steer
 * the terminal that shows it. For people only; `--json` gives texts as they are.
 */
export function clean<T>(value: T): T {
  if (typeof value === 'string') return value.replace(control, (mark) => (mark === '\n' ? mark : ' ')) as T;
  if (Array.isArray(value)) return value.map((item) => clean<unknown>(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, clean<unknown>(held)])) as T;
}
