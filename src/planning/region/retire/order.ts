type Ordered = { component: string; after: readonly string[] };

/** Whether a component comes after another one in a rollout, directly or through others. */
function comesAfter(one: string, other: string, all: readonly Ordered[], seen = new Set<string>()): boolean {
  if (seen.has(one)) return false;
  seen.add(one);
  const { after = [] } = all.find(({ component }) => component === one) ?? {};
  return after.some((next) => next === other || comesAfter(next, other, all, seen));
}

/** Of these components, those that have to be gone before one of them: what came after it, also through one that stays. */
export function goesAfter(component: string, going: readonly string[], all: readonly Ordered[]): string[] {
  return going.filter((one) => one !== component && comesAfter(one, component, all)).sort();
}

/** These components in the order in which they go: the last of a rollout first. */
export function goingOrder(going: readonly string[], all: readonly Ordered[]): string[] {
  const left = [...going].sort();
  const placed: string[] = [];
  while (left.length > 0) {
    const at = left.findIndex((one) => goesAfter(one, left, all).length === 0);
    placed.push(...left.splice(Math.max(at, 0), 1));
  }
  return placed;
}
