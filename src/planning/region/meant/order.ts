/** A component of the platform file, as far as its order goes. */
export type OrderedComponent = { name: string; after: readonly string[]; wave: number; applied: boolean };

/**
 * What each component that is applied waits for, among those that are: what it comes after, through whatever is operated elsewhere, and
 * every component of the earlier waves. The file's relations have been checked: there is no cycle.
 */
export function waitsFor(components: readonly OrderedComponent[]): { name: string; after: string[] }[] {
  const byName = new Map(components.map((one) => [one.name, one]));
  const applied = components.filter((one) => one.applied);
  const through = (names: readonly string[], seen: Set<string>): string[] =>
    names.flatMap((name) => {
      const found = byName.get(name);
      if (!found || seen.has(name)) return [];
      seen.add(name);
      return found.applied ? [name] : through(found.after, seen);
    });
  return applied.map(({ name, after, wave }) => {
    const earlier = applied.filter((one) => one.wave < wave).map((one) => one.name);
    return { name, after: [...new Set([...through(after, new Set()), ...earlier])].sort() };
  });
}
