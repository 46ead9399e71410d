import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a platform file must say for Gantry to run on parts of the lab. */
export type LabPlatform = {
  stateDir: string;
  group: string;
  nodes: readonly { name: string; host: string; port: number }[];
  discoveryUrl: string;
  /** The environment variable in which workers find the group's password; none without it. */
  passwordVariable?: string;
  /** Merged into the group's entry. */
  settings?: Record<string, unknown>;
  policies?: Record<string, unknown>;
  reportFolder?: string;
};

/** Writes `platform.yaml` under the state folder. JSON is YAML, and comes with its quoting right. */
export function writeLabPlatform(options: LabPlatform): { path: string; reportFolder: string } {
  const { stateDir, group, nodes, discoveryUrl, passwordVariable, settings = {}, policies = {} } = options;
  const reportFolder = options.reportFolder ?? join(stateDir, 'reports');
  const path = join(stateDir, 'platform.yaml');
  const platform = {
    version: 1,
    name: 'lab',
    regions: { local: { zones: { 'local-a': { runs: [] } } } },
    redis: {
      groups: {
        [group]: {
          region: 'local',
          nodes: nodes.map(({ name, host, port }) => ({ name, host, port })),
          ...(passwordVariable ? { password: { env: passwordVariable } } : {}),
          discovery: { kind: 'http', url: `${discoveryUrl}/redis/${group}` },
          ...settings,
        },
      },
    },
    policies,
    reports: { folder: reportFolder },
    notify: { file: join(stateDir, 'notices.jsonl') },
  };
  writeFileSync(path, `${JSON.stringify(platform, null, 2)}\n`);
  return { path, reportFolder };
}
