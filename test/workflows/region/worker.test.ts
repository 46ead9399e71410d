import { mkdtempSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labEc2Login } from '../../../lab/ec2/ec2.ts';
import { loadPlatform } from '../../../src/platform/index.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import type { RunningWorkers } from '../../../workers/all.ts';
import { startWorkers } from '../../../workers/all.ts';
import { edgeRig } from '../../support/edge-rig.ts';
import { describeWith } from '../../support/lab.ts';
import { removeSoon } from '../../support/remove-soon.ts';
import { useTemporal } from '../../support/temporal.ts';
import { reportOf } from '../run/harness.ts';

await describeWith(['temporal', 's3'], 'a region worker', () => {
  const server = useTemporal();
  const rig = edgeRig();
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-region-'));
  const taskQueue = `region-worker-${process.pid}`;
  let workers: RunningWorkers | undefined;

  beforeAll(async () => {
    const { server: nameServer } = rig.authority;
    const credentials = { accessKeyId: { env: 'LAB_EC2_ID' }, secretAccessKey: { env: 'LAB_EC2_SECRET' } };
    const names = { name: 'r1.api.lab.example', group: 'us.api.lab.example', geoAlias: 'api.lab.example' };
    const edge = {
      endpoint: rig.ec2.endpoint,
      balancer: { name: 'edge', type: 'network', segment: 'public', member: 'balancers' },
      targets: { segment: 'app', member: 'services', port: 8080 },
      healthCheck: {},
      dns: { zone: await rig.zone('lab.example'), ...names, authority: [nameServer], resolvers: [nameServer] },
    };
    const zone = { public: '10.90.0.0/24', app: '10.90.1.0/24' };
    const platform = {
      ...{ version: 1, name: 'lab', regions: { 'us-west-2': { zones: { 'us-west-2a': { runs: [] } } } } },
      network: {
        segments: { public: { members: ['balancers', 'nat-gateways'] }, app: { members: ['services'] } },
        flows: [
          { from: 'public', source: 'balancers', to: 'app', target: 'services', ports: [8080] },
          { from: 'app', source: 'services', to: 'public', target: 'nat-gateways', ports: [443] },
        ],
        entries: [{ to: 'public', target: 'balancers', sources: ['0.0.0.0/0'], ports: [443] }],
      },
      rollout: {
        catalogue: 'catalogue',
        regions: {
          'us-west-2': {
            ...{ cidr: '10.90.0.0/16', zones: { 'us-west-2a': zone } },
            ...{ edge, ec2: { endpoint: rig.ec2.endpoint, credentials } },
          },
        },
        components: { later: { layer: 'app', external: 'not chosen yet' } },
      },
      policies: { default: { approval: { people: 1 } } },
      reports: { folder: join(stateDir, 'reports'), evidence: join(stateDir, 'evidence') },
      notify: { file: join(stateDir, 'notices.jsonl') },
    };
    mkdirSync(join(stateDir, 'catalogue'));
    const file = join(stateDir, 'platform.yaml');
    writeFileSync(file, JSON.stringify(platform, null, 2));
    const { address } = server();
    workers = await startWorkers(
      {
        connection: { address, namespace: 'default', options: { address } },
        ...{ taskQueue, platform: loadPlatform(file), log: createLog('fatal') },
        env: { ...process.env, LAB_EC2_ID: labEc2Login.accessKeyId, LAB_EC2_SECRET: labEc2Login.secretAccessKey },
      },
      ['orchestration', 'region'],
    );
  });
  afterAll(async () => {
    await workers?.stop();
    removeSoon(stateDir);
  });
  const start = (workflowId: string, input: object) =>
    server().client.workflow.start('regionRollout', { workflowId, taskQueue, args: [input] });

  test('brings a region up as the file says it, from any id, once its plan is approved; no secret is in its history', async () => {
    const handle = await start('typed-in-the-ui', { region: 'us-west-2', requestedBy: 'ann' });
    const real = server().client.workflow.getHandle('region/us-west-2');
    type Status = { state: string; plan?: { hash: string } };
    const status = (): Promise<Status | undefined> => real.query<Status, []>('status').catch(() => undefined);
    await expect.poll(async () => (await status())?.state).toBe('awaiting-approval');
    expect(rig.ec2.writes()).toEqual([]);
    await real.executeUpdate('approve', { args: [{ planHash: (await status())?.plan?.hash, by: 'bob' }] });
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    const [vpc] = (await rig.open('us-west-2').vpcs()).filter(({ tags }) => tags['gantry:owner'] === 'lab');
    expect(vpc).toMatchObject({ cidr: '10.90.0.0/16', tags: { 'gantry:region': 'us-west-2', 'gantry:name': 'vpc' } });
    expect(await rig.elb('us-west-2').loadBalancer('edge')).toMatchObject({ kind: 'network', state: 'active' });
    expect(rig.authority.asked).toContain('r1.api.lab.example');
    expect(JSON.stringify(await real.fetchHistory())).not.toContain(labEc2Login.secretAccessKey);
  });

  test('refuses a region that the file does not have, with those that it has', async () => {
    const refused: unknown = await (
      await start('region/mars-1', { region: 'mars-1' })
    )
      .result()
      .catch((error: unknown) => error);
    expect(reportOf(refused).problem).toMatchObject({ code: 'REGION_UNKNOWN' });
    expect(reportOf(refused).problem?.message).toContain('known: us-west-2');
  });
});
