import { ESLint, Linter } from 'eslint';
import { parser, plugin } from 'typescript-eslint';
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

const rule = '@typescript-eslint/no-restricted-imports';
const project = new ESLint();

// The rule as the project has it for this file, by itself: the others need the types of the whole project, minutes of CPU.
test.each(cases)('in %s: %s', async (file, code, refused) => {
  const own = (await project.calculateConfigForFile(file)) as { rules?: Linter.RulesRecord } | undefined;
  const linter = new Linter();
  const messages = linter.verify(
    code,
    [
      {
        files: ['**/*.ts'],
        plugins: { '@typescript-eslint': plugin },
        languageOptions: { parser },
        rules: { [rule]: own?.rules?.[rule] ?? 'off' },
      },
    ],
    file,
  );
  expect(messages.filter(({ ruleId }) => ruleId !== rule)).toEqual([]);
  expect(messages.length > 0).toBe(refused);
});
