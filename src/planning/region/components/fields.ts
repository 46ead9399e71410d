type Json = unknown;

/** Where a wanted value is not what is there: paths such as `spec.replicas`. What the wanted value does not name is not compared. */
export function differences(wanted: Json, there: Json, at = ''): string[] {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(there) || there.length !== wanted.length) return [at];
    return wanted.flatMap((one, index) => differences(one, there[index], `${at}[${index}]`));
  }
  if (isMap(wanted)) {
    if (!isMap(there)) return [at];
    return Object.entries(wanted).flatMap(([key, one]) =>
      differences(one, there[key], at === '' ? key : `${at}.${key}`),
    );
  }
  return wanted === there ? [] : [at];
}

/** Of what is there, the fields that `shape` names: what has to be applied again to bring them back. */
export function sameFields(shape: Json, there: Json): Json {
  if (!isMap(shape) || !isMap(there)) return there;
  const entries = Object.entries(shape).filter(([key]) => there[key] !== undefined);
  return Object.fromEntries(entries.map(([key, one]) => [key, sameFields(one, there[key])]));
}

/** A merge patch (RFC 7386): null removes a member, a list is replaced whole. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isMap(patch)) return patch;
  const merged: Record<string, Json> = isMap(target) ? { ...target } : {};
  for (const [key, one] of Object.entries(patch)) {
    if (one === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], one);
  }
  return merged;
}

function isMap(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
