import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { findSchemathesis } from '../../lab/programs.ts';
import type { Api } from '../../src/api/index.ts';
import type { AccessRig } from '../support/access-rig.ts';

/** Runs that the requests may name, besides all that schemathesis makes up. */
export type Seeds = { waiting: readonly string[]; ended: readonly string[]; planHashes: readonly string[] };

/** Some runs that wait for approval and one that has ended, all asked for by ann. */
export async function seedRuns(rig: AccessRig, prefix: string): Promise<Seeds> {
  const groups = ['a', 'b', 'c', 'd'].map((name) => `${prefix}-${name}`);
  for (const group of groups) await rig.start('ann', group);
  const statuses = await Promise.all(groups.map((group) => rig.reaches(`redis/${group}`, 'awaiting-approval')));
  const [ended = '', ...waiting] = groups.map((group) => `redis/${group}`);
  await rig.send('ann', 'POST', `/v1/runs/${encodeURIComponent(ended)}/abort`, {});
  await rig.client.workflow.getHandle(ended).result();
  return { waiting, ended: [ended], planHashes: statuses.map(({ plan }) => plan?.hash ?? '') };
}

type Schema = Record<string, unknown>;
type Parameter = { name: string; schema: Schema };
type Operation = { operationId: string; parameters?: Parameter[]; requestBody?: Schema };

/** The description of the API, in which ids and hashes are those of the seeds or anything else. */
export function seededSchema({ waiting, ended, planHashes }: Seeds): object {
  const page = readFileSync(new URL('../../docs/reference/openapi.json', import.meta.url), 'utf8');
  const schema = JSON.parse(page, (name, value: unknown) =>
    name === 'planHash' && isString(value) ? { anyOf: [{ enum: planHashes }, value] } : value,
  ) as { paths: Record<string, Record<string, Operation>> };
  for (const operation of Object.values(schema.paths).flatMap((methods) => Object.values(methods))) {
    const id = operation.parameters?.find(({ name }) => name === 'workflowId');
    if (!id) continue;
    // A stream of a run that waits has no end.
    const known = operation.operationId === 'follow-run' ? ended : [...ended, ...waiting];
    id.schema = { anyOf: [{ enum: known }, id.schema] };
  }
  return schema;
}

const isString = (value: unknown): boolean => (value as { type?: unknown }).type === 'string';

/**
 * What holds of every answer. Whether a request was right is judged by the registry, not by the schema alone, so that neither a
 * wrong one that is taken nor a right one that is refused is looked for.
 */
const checks = [
  ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_headers_conformance'],
  ...['response_schema_conformance', 'missing_required_header', 'ignored_auth'],
].join(',');

/** Sends the API requests that schemathesis makes of its description, so many of each operation, under this token. */
export async function fuzz(
  api: Api,
  token: string,
  { stateDir, schema, examples, name }: FuzzOptions,
): Promise<{ code: number; out: string }> {
  const file = join(stateDir, `${name}.json`);
  writeFileSync(file, JSON.stringify(schema));
  const { port } = api.server.address() as AddressInfo;
  const args = [
    ...['run', file, '--url', `http://127.0.0.1:${port}`, '--header', `Authorization: Bearer ${token}`],
    ...[
      '--phases',
      'examples,fuzzing',
      '--max-examples',
      String(examples),
      '--checks',
      checks,
      '--continue-on-failure',
    ],
    ...['--no-color', '--no-shrink', '--generation-database', 'none', '--suppress-health-check', 'all'],
    ...['--request-timeout', '120', '--warnings', 'off'],
  ];
  const command = await findSchemathesis();
  return new Promise((resolve) => {
    const child = execFile(command, args, { cwd: stateDir, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, out: `${stdout}\n${stderr}` });
    });
    onTestFinished(() => void child.kill());
  });
}

export type FuzzOptions = { stateDir: string; schema: object; examples: number; name: string };
