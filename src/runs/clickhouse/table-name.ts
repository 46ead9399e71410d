/** `usage.events` → its database and its name; the database's name has no dot, and is `default` where there is none. */
export function tableName(full: string): { database: string; table: string } {
  const dot = full.indexOf('.');
  return { database: dot < 0 ? 'default' : full.slice(0, dot), table: full.slice(dot + 1) };
}
