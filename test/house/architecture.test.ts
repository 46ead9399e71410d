import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/architecture.md', root), 'utf8');

test('docs/architecture.md shows the layers that the linter enforces', async () => {
  const { layers } = (await import(new URL('eslint.config.js', root).href)) as { layers: Record<string, string[]> };
  const shown = (layer: string): string => (layer.startsWith('src/') ? `\`${layer}\`` : `\`${layer}/\``);
  const rows = Object.entries(layers).map(([layer, allowed]) => {
    const names = allowed.map((one) =>
      one.endsWith(' (types)') ? `types of ${shown(one.slice(0, -' (types)'.length))}` : shown(one),
    );
    return `| ${shown(layer)} | ${names.join(', ') || 'nothing'} |`;
  });
  expect(
    page
      .match(/\| from \| may import \|\n\|---\|---\|\n((?:\|.*\n)+)/)?.[1]
      ?.trim()
      .split('\n'),
  ).toEqual(rows);
});
