import { ESLint } from 'eslint';
import { expect, test } from 'vitest';

// The linter must really enforce the layers: a rule with a mistake in its pattern would pass everything in silence.
const cases: [file: string, code: string, refused: boolean][] = [
  ['workflows/redis/switchover.ts', "import { readFileSync } from 'node:fs';\nreadFileSync('x');", true],
  [
    'workflows/redis/switchover.ts',
    "import { createRedisActivities } from '../../activities/redis/index.ts';\nvoid createRedisActivities;",
    true,
  ],
  ['workflows/redis/switchover.ts', "import { z } from 'zod';\nvoid z;", true],
  ['workflows/redis/switchover.ts', "import { runId } from '../../src/runs/index.ts';\nvoid runId;", false],
  [
    'src/planning/redis/index.ts',
    "import { connectRedis } from '../../drivers/redis/index.ts';\nvoid connectRedis;",
    true,
  ],
  ['src/client/index.ts', "import { loadPlatform } from '../platform/index.ts';\nvoid loadPlatform;", true],
  ['src/cli/runs.ts', "import { connectRedis } from '../drivers/redis/index.ts';\nvoid connectRedis;", true],
  ['src/drivers/redis/index.ts', "import { loadPlatform } from '../../platform/index.ts';\nvoid loadPlatform;", true],
  [
    'activities/redis/index.ts',
    "import { loadSettings } from '../../src/settings/index.ts';\nvoid loadSettings;",
    true,
  ],
  ['activities/redis/index.ts', "import { redisGroup } from '../../src/platform/index.ts';\nvoid redisGroup;", false],
  ['lab/redis/redis.ts', "import { runId } from '../src/runs/index.ts';\nvoid runId;", true],
  ['src/runs/index.ts', "import { z } from 'zod';\nvoid z;", true],
];

test.each(cases)('in %s: %s', async (file, code, refused) => {
  const eslint = new ESLint();
  const [result] = await eslint.lintText(code, { filePath: file });
  const said =
    result?.messages.filter((message) => message.ruleId === '@typescript-eslint/no-restricted-imports') ?? [];
  expect(said.length > 0).toBe(refused);
});
