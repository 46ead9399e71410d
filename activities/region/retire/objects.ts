import type { KubeObject, KubeRef, KubernetesObjects } from '../../../src/drivers/kubernetes/index.ts';
import { refOf } from '../../../src/drivers/kubernetes/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { digestOf } from '../../../src/platform/index.ts';
import type { RetiredObject } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { digestAnnotation, nameOf } from '../components/render.ts';

/** Deleting takes as long as pods take to end, and volumes to be let go. Milliseconds. */
export const goneWithin = { settleMs: 600_000, settleEveryMs: 500 } as const;

/** An object as a plan keeps it. @throws KUBERNETES_UNEXPECTED_ANSWER where it has no uid */
export function asSeen(object: KubeObject): RetiredObject {
  const { uid } = object.metadata;
  if (uid === undefined) throw new GantryError('KUBERNETES_UNEXPECTED_ANSWER', `${nameOf(object)} has no uid`);
  return { ...refOf(object), uid, content: contentOf(object) };
}

/** The component that an object says it is of, by Gantry's mark. */
export function markedAs({ metadata: { annotations } }: KubeObject): string | undefined {
  return annotations?.[digestAnnotation]?.split('@')[0];
}

/** What clients write in an object: neither its status, nor what the server counts, nor how far its deletion is. */
function contentOf({ metadata, status: _status, ...said }: KubeObject): string {
  const { labels = {}, annotations = {} } = metadata;
  return digestOf({ ...said, labels, annotations });
}

/** How a planned object stands: `there` as it was seen, on its way out, gone, or another one by now. */
export type Standing = { object: string; state: 'there' | 'going' | 'gone' | 'changed'; words: string };

/** Looks at an object that is to go. */
export async function standingNow(
  cluster: KubernetesObjects,
  planned: RetiredObject,
): Promise<Standing & { now: KubeObject | undefined }> {
  const now = await cluster.get(reference(planned));
  const object = `${planned.kind}/${planned.name}`;
  if (!now) return { object, state: 'gone', words: 'is gone', now };
  if (now.metadata.uid !== planned.uid)
    return { object, state: 'changed', words: 'was deleted and created again by another client', now };
  if (now.metadata['deletionTimestamp'] !== undefined)
    return { object, state: 'going', words: 'is being deleted', now };
  if (contentOf(now) !== planned.content)
    return { object, state: 'changed', words: 'was changed by another client after it was planned', now };
  return { object, state: 'there', words: 'is there', now };
}

/** Deletes an object if it is the one that was planned, as it was then. @throws REGION_RETIRE_DIFFERS, KUBERNETES_CONFLICT */
export async function removeObject(
  cluster: KubernetesObjects,
  planned: RetiredObject,
  { mustBeOurs }: Pick<StepContext, 'mustBeOurs'>,
): Promise<void> {
  const { state, words, object, now } = await standingNow(cluster, planned);
  if (state === 'gone' || state === 'going') return;
  const resourceVersion = now?.metadata.resourceVersion;
  if (state === 'changed' || resourceVersion === undefined)
    throw new GantryError('REGION_RETIRE_DIFFERS', `${object} ${words}`, { evidence: { object } });
  mustBeOurs();
  await cluster.delete(reference(planned), { uid: planned.uid, resourceVersion }, { foreground: true });
}

function reference({ apiVersion, kind, name, namespace }: RetiredObject): KubeRef {
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** All of them, in words, those that are gone left out. */
export function inWords(standing: readonly Standing[]): string {
  return standing
    .filter(({ state }) => state !== 'gone')
    .map(({ object, words }) => `${object} ${words}`)
    .join('; ');
}
