import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { burnIn } from '../../activities/host/burn-in/burn-in.ts';
import { inspectHosts } from '../../activities/host/conformance/inspect-hosts.ts';
import { quarantineNode } from '../../activities/host/conformance/quarantine-node.ts';
import { assembleArray } from '../../activities/host/disks/assemble-array.ts';
import { makeFilesystem } from '../../activities/host/disks/make-filesystem.ts';
import { mountStorage } from '../../activities/host/disks/mount-storage.ts';
import { partitionArray } from '../../activities/host/disks/partition-array.ts';
import { verifyIdentity } from '../../activities/host/identity/verify-identity.ts';
import type { HostDeps } from '../../activities/host/index.ts';
import { hostAccess } from '../../activities/host/index.ts';
import { admitNode } from '../../activities/host/node/admit-node.ts';
import { registerNode } from '../../activities/host/node/register-node.ts';
import { startService } from '../../activities/host/services/start-service.ts';
import { flawsOf } from '../../activities/host/system/conformance.ts';
import { hardenHost } from '../../activities/host/system/harden-host.ts';
import { rebootHost } from '../../activities/host/system/reboot-host.ts';
import type { LabHost } from '../../lab/host/index.ts';
import { startHost } from '../../lab/host/index.ts';
import { writeHostPlatform } from '../../lab/host/platform.ts';
import type { RunningKubernetes } from '../../lab/kubernetes/index.ts';
import { startKubernetes } from '../../lab/kubernetes/index.ts';
import { kubernetesNodes } from '../../src/drivers/kubernetes/index.ts';
import type { SshPool } from '../../src/drivers/ssh/index.ts';
import { createSshPool } from '../../src/drivers/ssh/index.ts';
import { hostInventory, parsePlatform } from '../../src/platform/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { describeWith } from '../support/lab.ts';
import { doStep, playedContext } from '../support/played-host.ts';

/** Of one test: a guest without acceleration, on cores that others use. */
const timeout = 1_800_000;
const identity = 'spiffe://lab/service/metald';
const of = { serial: 'LAB-HOST', generation: 1 };
const metald = { ...of, unit: 'metald.service' };

await describeWith(['host', 'kubernetes'], 'the upper half of an onboarding, on a booted host', () => {
  let stateDir: string;
  let kubernetes: RunningKubernetes;
  let host: LabHost;
  let pool: SshPool;
  let vulnerable: string[];
  let steps = 0;

  /** Every class is that of the lab but for `more`; metald must show an identity, and its /health is no proof of it. */
  const deps = (more: Record<string, unknown> = {}): HostDeps => {
    const { path } = writeHostPlatform({
      ...{ stateDir, host },
      class: {
        // Without 8250.nr_uarts=0: the lab reads the guest's console.
        hardening: { kernelArguments: ['quiet', 'loglevel=1'], acceptedVulnerabilities: vulnerable },
        services: [
          {
            unit: metald.unit,
            check: { by: 'http', url: 'http://127.0.0.1:9464/health', status: 200, contains: 'ok' },
            tls: { port: 8080, subject: identity },
          },
        ],
        ...more,
      },
    });
    const { platform } = parsePlatform(readFileSync(path, 'utf8'), path);
    const inventory = hostInventory(platform, host.serial);
    const access = hostAccess(inventory, pool, (ref) => readFileSync('file' in ref ? ref.file : '', 'utf8'));
    const target = { api: kubernetes.url, ca: kubernetes.ca, token: kubernetes.token('gantry-host') };
    return {
      hosts: () => access,
      nodes: () => ({ ...kubernetesNodes(target), region: 'local' }),
      fleet: () => ({ serials: [host.serial], quarantine: 'taint' }),
      inventory: platform.hosts,
      log: createLog('silent'),
    };
  };
  const context = () => playedContext({ unit: `host/LAB-HOST/test/${(steps += 1)}` });
  const taints = async () => (await deps().nodes('').get('host'))?.taints.map(({ key }) => key);
  const mainPid = () => host.ok('systemctl show --property=MainPID --value metald.service');

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
    pool = createSshPool();
    kubernetes = await startKubernetes({ stateDir });
    host = await startHost({ stateDir });
    const seen = await host.run('cd /sys/devices/system/cpu/vulnerabilities && grep -l Vulnerable -- *');
    vulnerable = seen.stdout.split('\n').filter((name) => name !== '');
  }, timeout);
  afterAll(async () => {
    pool?.close();
    await host?.stop();
    await kubernetes?.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  test('hardens it, and finds nothing to do the second time', { timeout }, async () => {
    const first = await doStep(hardenHost, of, deps(), context());
    expect(first.changed).toBe(true);
    expect(flawsOf(first.after).every(({ cure }) => cure === 'reboot')).toBe(true);
    const again = await doStep(hardenHost, of, deps(), context());
    expect(again).toMatchObject({ changed: false, after: { digest: first.after.digest } });
    await hardenHost.undo?.(of, again.before, deps(), context());
    expect((await hardenHost.probe(of, deps(), context())).observed.digest).toBe(first.after.digest);
  });

  test('reboots it once, and it is hardened still', { timeout }, async () => {
    const run = await doStep(rebootHost, of, deps(), context());
    expect(run).toMatchObject({ changed: true, after: { waiting: [] } });
    expect(run.after.bootId).not.toBe(run.before.bootId);
    const after = await hardenHost.probe(of, deps(), context());
    expect([after.verdict, flawsOf(after.observed)]).toEqual(['done', []]);
    expect(await doStep(rebootHost, of, deps(), context())).toMatchObject({ changed: false });
  });

  test('burns it in, on its own storage', { timeout }, async () => {
    await doStep(verifyIdentity, of, deps(), context());
    for (const step of [assembleArray, partitionArray, makeFilesystem, mountStorage] as const) {
      // Each is a step of one host; the types of what they see differ.
      await doStep(step as typeof mountStorage, of, deps(), context());
    }
    const run = await doStep(burnIn, of, deps(), context());
    expect(run).toMatchObject({ changed: true, after: { report: { seconds: { cpu: 3, memory: 3, disk: 3 } } } });
    // The guest has no ECC memory: nothing is known of it, and that is said.
    expect(run.after.report?.unread).toContain('edac');
    expect(await host.ok('ls -A /srv/vm')).toBe('');
    expect(await doStep(burnIn, of, deps(), context())).toMatchObject({ changed: false });
  });

  test('sees a daemon that speaks plain text behind a /health that says 200', { timeout }, async () => {
    await host.ok('systemctl start metald.service && until curl -sf http://127.0.0.1:9464/health; do sleep 0.2; done');
    const seen = await startService.probe(metald, deps(), context());
    expect(seen).toMatchObject({ verdict: 'todo', summary: expect.stringContaining('speaks no TLS') as string });
  });

  test('restarts it while no VM runs, and proves its identity', { timeout }, async () => {
    const dir = join(stateDir, 'svid');
    execFileSync('sh', [
      '-c',
      'mkdir -p "$1" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj "/CN=metald" -addext "subjectAltName=URI:$2" -keyout "$1/key.pem" -out "$1/cert.pem" 2>/dev/null',
      ...['sh', dir, identity],
    ]);
    await host.ok('mkdir -p /var/lib/lab/svid /var/lib/spire/agent && touch /var/lib/spire/agent/agent.sock');
    for (const file of ['cert.pem', 'key.pem'])
      await host.ok(`cat >/var/lib/lab/svid/${file} <<'PEM'\n${readFileSync(join(dir, file), 'utf8')}PEM`);
    const before = await mainPid();
    const { observed } = await startService.probe(metald, deps(), context());
    await startService.apply?.(metald, observed, deps(), context());
    // As the runner does: it has until its settling time is over.
    await expect.poll(async () => (await startService.probe(metald, deps(), context())).verdict).toBe('done');
    expect(await mainPid()).not.toBe(before);
  });

  test('leaves it alone while VMs run, right or wrong', { timeout }, async () => {
    const call = (name: string, body: string) =>
      host.ok(
        `curl -skf -H 'authorization: Bearer dev_user_x' -H 'x-tenant-id: x' -d '${body}' https://127.0.0.1:8080/vmprovisioner.v1.VmService/${name}`,
      );
    const { vmId } = JSON.parse(await call('CreateVm', '{}')) as { vmId: string };
    await call('BootVm', JSON.stringify({ vmId }));
    const before = await mainPid();
    expect(await doStep(startService, metald, deps(), context())).toMatchObject({ changed: false });
    const tls = { port: 8080, subject: 'spiffe://lab/service/another' };
    const check = { by: 'http', url: 'http://127.0.0.1:9464/health', status: 200 };
    const wrong = deps({ services: [{ unit: metald.unit, check, tls }] });
    await expect(doStep(startService, metald, wrong, context())).rejects.toMatchObject({ code: 'HOST_SERVICE_WRONG' });
    expect(await mainPid()).toBe(before);
    await call('ShutdownVm', JSON.stringify({ vmId }));
  });

  test('registers and admits its Node, and both find nothing to do the second time', { timeout }, async () => {
    await doStep(registerNode, of, deps(), context());
    expect(await taints()).toContain('gantry.dev/onboarding');
    await doStep(admitNode, of, deps(), context());
    expect(await taints()).not.toContain('gantry.dev/onboarding');
    expect(await doStep(registerNode, of, deps(), context())).toMatchObject({ changed: false });
    expect(await doStep(admitNode, of, deps(), context())).toMatchObject({ changed: false });
  });

  test('finds a drift, and takes the Node out of service for it', { timeout }, async () => {
    await host.ok('echo 1 >/sys/kernel/mm/ksm/run');
    const [verdict] = (await inspectHosts.probe({ serials: [of.serial] }, deps(), context())).observed;
    expect(verdict?.drifts.map(({ step }) => step)).toContain('control ksm');
    expect(await doStep(quarantineNode, { serial: of.serial }, deps(), context())).toMatchObject({ changed: true });
    expect(await taints()).toContain('gantry.dev/quarantine');
    expect(await host.ok('cat /sys/kernel/mm/ksm/run')).toBe('1');
  });
});
