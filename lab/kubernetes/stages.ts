import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';

/**
 * How kwok plays a kubelet, with pods that take their time: each is ready so long after it was seen first. Writes the stages below `dir`
 * and answers the file.
 */
export function slowStages(file: string, dir: string, readyAfterMs: number): string {
  const stages = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    const stage = document.toJS() as { metadata?: { name?: string }; spec?: object } | null;
    if (stage?.metadata?.name !== 'pod-ready') return stage;
    return { ...stage, spec: { ...stage.spec, delay: { durationMilliseconds: readyAfterMs } } };
  });
  const path = join(dir, 'stages.yaml');
  writeFileSync(
    path,
    stages
      .filter((stage) => stage !== null)
      .map((stage) => `---\n${stringify(stage)}`)
      .join(''),
  );
  return path;
}
