import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineKind } from '../../src/registry/entry.ts';
import type { RunInput } from '../../src/runs/index.ts';

type Input = RunInput & { group: string; to?: string };

const rest = {
  kind: 'redis.switchover',
  summary: '',
  example: { group: 'sessions' },
  docs: '',
  target: { name: 'group', help: '' },
  options: [],
} as const;
const run = {
  dryRun: z.boolean().exactOptional(),
  requestedBy: z.string().exactOptional(),
  reason: z.string().exactOptional(),
};

// The compiler is the test: each line below would be an error without its comment, or with one that is not needed.
test('a schema and the input that workflows know are held to each other', () => {
  const whole = defineKind<Input>()({
    ...rest,
    input: z.strictObject({ group: z.string(), to: z.string().exactOptional(), ...run }),
  });
  expect(whole.kind).toBe('redis.switchover');
  // @ts-expect-error the input has `to`, the schema refuses it
  defineKind<Input>()({ ...rest, input: z.strictObject({ group: z.string(), ...run }) });
  defineKind<Input>()({
    ...rest,
    // @ts-expect-error the schema has `from`, no workflow knows of it
    input: z.strictObject({
      group: z.string(),
      to: z.string().exactOptional(),
      from: z.string().exactOptional(),
      ...run,
    }),
  });
});
