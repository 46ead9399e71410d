// Typed linting plus the layer rules of docs/architecture.md: who may import whom is data here, one row per layer.
import { existsSync, readdirSync } from 'node:fs';
import js from '@eslint/js';
import { importX, createNodeResolver } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const top = ['activities', 'bench', 'demo', 'lab', 'test', 'workers', 'workflows'];
const src = [
  'api',
  'audit',
  'cli',
  'client',
  'drivers',
  'errors',
  'planning',
  'platform',
  'registry',
  'runs',
  'settings',
  'steps',
  'telemetry',
];

/** Layer → the layers it may import (itself always). Anything not named is refused. A test holds docs/architecture.md to it. */
export const layers = {
  workflows: ['src/runs', 'src/errors', 'activities (types)'],
  activities: [
    'src/steps',
    'src/planning',
    'src/drivers',
    'src/platform',
    'src/runs',
    'src/errors',
    'src/registry',
    'src/telemetry',
    'src/audit',
  ],
  workers: [
    'activities',
    'workflows (types)',
    'src/settings',
    'src/platform',
    'src/drivers',
    'src/telemetry',
    'src/errors',
    'src/runs',
    'src/steps',
    'src/audit',
  ],
  demo: [
    'src/cli',
    'src/client',
    'src/registry',
    'src/platform',
    'src/settings',
    'src/errors',
    'src/runs',
    'src/telemetry',
    'workers',
    'lab',
  ],
  lab: ['src/errors', 'src/telemetry'],
  'src/cli': [
    'src/api',
    'src/audit',
    'src/client',
    'src/registry',
    'src/platform',
    'src/settings',
    'src/errors',
    'src/runs',
    'src/telemetry',
  ],
  'src/api': [
    'src/audit',
    'src/client',
    'src/registry',
    'src/platform',
    'src/settings',
    'src/errors',
    'src/runs',
    'src/telemetry',
  ],
  'src/audit': ['src/errors', 'src/runs'],
  'src/client': ['src/runs', 'src/settings', 'src/errors'],
  'src/registry': ['src/runs', 'src/platform', 'src/errors'],
  'src/drivers': ['src/errors', 'src/telemetry', 'src/runs'],
  'src/platform': ['src/errors', 'src/telemetry', 'src/runs'],
  'src/steps': ['src/errors', 'src/telemetry', 'src/runs'],
  'src/settings': ['src/errors', 'src/telemetry', 'src/runs'],
  'src/telemetry': ['src/errors'],
  'src/errors': ['src/runs'],
  'src/planning': ['src/runs (types)', 'src/errors (types)'],
  'src/runs': [],
};

const all = [...top, ...src.map((name) => `src/${name}`)];

/** The no-restricted-imports options that keep `layer` inside its row. */
function layerRule(layer, allowed, extra = []) {
  const patterns = [...extra];
  for (const target of all) {
    if (target === layer || allowed.includes(target)) continue;
    const typesOnly = allowed.includes(`${target} (types)`);
    patterns.push({
      regex: `^(\\.\\./)+${target.replace('/', '/')}/|^(\\.\\./)+${target.replace(/^src\//, '')}/`,
      allowTypeImports: typesOnly,
      message: `${layer} may not import ${target}${typesOnly ? ' (types aside)' : ''}: see docs/architecture.md`,
    });
  }
  return { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] };
}

/** The domains, and their procedures: what has a workflow of its own name. */
const domains = readdirSync('workflows', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'run')
  .map(({ name }) => name);
const proceduresOf = (domain) =>
  readdirSync(`workflows/${domain}`)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length));

/**
 * Procedures import no other procedure, and what they share (every other folder of the domain) imports none of them. The
 * domain's index.ts alone knows them all.
 */
const procedureZones = domains.flatMap((domain) =>
  proceduresOf(domain).flatMap((procedure) => [
    ...['activities', 'src/planning'].flatMap((layer) => {
      const own = `${layer}/${domain}/${procedure}`;
      if (!existsSync(own)) return [];
      const others = readdirSync(`${layer}/${domain}`, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name !== procedure)
        .map(({ name }) => `./${layer}/${domain}/${name}`);
      return [{ target: others, from: `./${own}`, message: `${own} is a procedure's own: see docs/architecture.md` }];
    }),
    {
      target: `./workflows/${domain}`,
      from: `./workflows/${domain}/${procedure}.ts`,
      message: 'a procedure starts another one as a run of its own: see docs/architecture.md',
    },
  ]),
);

/** Workflows run in a sandbox: nothing but the workflow SDK, the run protocol and each other. */
const sandbox = [
  {
    regex: '^(?!\\.{1,2}/|@temporalio/workflow$|@temporalio/common$)',
    allowTypeImports: true,
    message: 'workflow code runs in a sandbox: only @temporalio/workflow and @temporalio/common',
  },
];
const pure = [{ regex: '^(?!\\.{1,2}/)', allowTypeImports: true, message: 'this layer is pure: no packages' }];

const addsLater =
  '`sum += await …` takes the sum from before the wait: of what is done at once, only the last counts. Await first.';

export default tseslint.config(
  {
    ignores: [
      'node_modules/**',
      'dist/**',
      'eslint.config.js',
      'vitest.config.ts',
      '.gantry/**',
      'scripts/*.js',
      'docs/reference/*.d.ts',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createNodeResolver()], 'import-x/extensions': ['.ts'] },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: "AssignmentExpression[operator='+='] AwaitExpression", message: addsLater },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-restricted-paths': ['error', { zones: procedureZones }],
      'no-console': 'error',
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400 }],
    },
  },
  ...Object.entries(layers).map(([layer, allowed]) => ({
    files: [`${layer}/**/*.ts`],
    rules: layerRule(
      layer,
      allowed,
      layer === 'workflows' ? sandbox : layer === 'src/runs' || layer === 'src/planning' ? pure : [],
    ),
  })),
  {
    // The `dev` and `lab` verbs start workers and parts on this machine: the one place where the CLI reaches past the client.
    files: ['src/cli/dev.ts', 'src/cli/lab.ts'],
    rules: layerRule('src/cli', [...layers['src/cli'], 'workers', 'lab']),
  },
  {
    // Registries of images are asked where the platform file is edited: no run and no worker has part in it.
    files: ['src/cli/platform-pin.ts'],
    rules: layerRule('src/cli', [...layers['src/cli'], 'src/drivers']),
  },
  {
    files: [
      'src/cli/**/*.ts',
      'demo/**/*.ts',
      'bench/**/*.ts',
      'lab/**/*.ts',
      'workers/bundle.ts',
      'src/platform/publish-schema.ts',
    ],
    rules: { 'no-console': 'off' },
  },
);
