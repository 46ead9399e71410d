import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeTls } from '../../../lab/tls.ts';
import { judgeService } from '../../../activities/host/services/read-service.ts';
import { startService } from '../../../activities/host/services/start-service.ts';
import type { HostService } from '../../../src/platform/index.ts';
import { labFolder } from '../../support/lab.ts';
import { doStep, playedContext, playedPlatform, playHost } from '../../support/played-host.ts';
import { playSystem } from '../../support/played-system.ts';

const unit = 'metald.service';
const of = { serial: 'T1', generation: 1, unit };
const service: HostService = {
  unit,
  check: {
    by: 'http',
    url: 'http://127.0.0.1:8080/x',
    method: 'POST',
    headers: {},
    status: 404,
    contains: 'vm not found',
  },
  tls: { port: 8080, subject: 'node.lab' },
};
const platform = playedPlatform.replace(
  '      densities:',
  `      services:
        - unit: ${unit}
          check: { by: http, url: 'http://127.0.0.1:8080/x', status: 404, contains: vm not found }
      densities:`,
);

const runs = (more: Record<string, string> = {}) =>
  new Map(
    Object.entries({
      LoadState: 'loaded',
      ActiveState: 'active',
      UnitFileState: 'enabled',
      Now: String(Date.now() / 1_000),
      ...more,
    }),
  );
const answers = (text: string) => ({ Http: '404', Answer: Buffer.from(text).toString('base64') });

describe('what a service is seen to do', () => {
  const certificate = (): string =>
    new X509Certificate(readFileSync(makeTls(labFolder(), 'node.lab').cert)).raw.toString('base64');

  it('is enough: the answer that only a working one gives, TLS, its identity', () => {
    expect(
      judgeService(service, runs({ ...answers('{"message":"vm not found"}'), Certificate: certificate() })).flaws,
    ).toEqual([]);
  });

  it.each([
    ['a port that speaks plain text', { Tls: 'it speaks no TLS (WRONG_VERSION_NUMBER)' }, /speaks no TLS/],
    ['a port that was not asked', {}, /was not asked/],
    ['a certificate that is no certificate', { Certificate: 'AAAA' }, /cannot be read/],
  ])('is not: %s', (_what, said, words) => {
    const { flaws } = judgeService(service, runs({ ...answers('vm not found'), ...said }));
    expect(flaws).toEqual([expect.stringMatching(words)]);
  });

  it('is not: another identity, or one that has expired', () => {
    const other = { ...service, tls: { port: 8080, subject: 'spiffe://lab/service/metald' } };
    const shown = { ...answers('vm not found'), Certificate: certificate() };
    expect(judgeService(other, runs(shown)).flaws).toEqual([expect.stringMatching(/shows node.lab.*not spiffe:/)]);
    const late = runs({ ...shown, Now: String(Date.now() / 1_000 + 10 * 86_400) });
    expect(judgeService(service, late).flaws).toEqual([expect.stringMatching(/was valid until/)]);
  });

  it('is not: a 200 where another answer is what proves it, or the right status with another answer', () => {
    const plain = { unit: service.unit, check: service.check };
    expect(judgeService(plain, runs({ Http: '200', Answer: '' })).flaws).toEqual([
      expect.stringMatching(/answers 200, not 404/),
    ]);
    expect(judgeService(plain, runs(answers('404 page not found'))).flaws).toEqual([
      expect.stringMatching(/without "vm not found"/),
    ]);
  });

  it('is not: a socket file without a listener', () => {
    const agent: HostService = { unit: 'spire-agent.service', check: { by: 'socket', path: '/run/agent.sock' } };
    expect(judgeService(agent, runs({ Socket: 'stale' })).flaws).toEqual([expect.stringMatching(/left over/)]);
    expect(judgeService(agent, runs({ Socket: 'listens' })).flaws).toEqual([]);
  });
});

describe('start-service', () => {
  type World = { active: boolean; enabled: boolean; works: boolean; loaded?: boolean };
  function played(world: World) {
    const host = playHost({ platform });
    const system = playSystem(host, 'conforming');
    const acts: string[] = [];
    host.play({
      'read-service': () =>
        [
          `LoadState=${world.loaded === false ? 'not-found' : 'loaded'}`,
          `ActiveState=${world.active ? 'active' : 'inactive'}`,
          `UnitFileState=${world.enabled ? 'enabled' : 'disabled'}`,
          ...(world.active
            ? ['Http=404', `Answer=${Buffer.from(world.works ? 'vm not found' : 'nothing').toString('base64')}`]
            : []),
          'end',
        ].join('\n'),
      'act-on-service': ([, verb = '', boot = '']) => {
        if (verb !== 'none' && system.vms.length > 0) return { code: 9, stderr: 'VMs run' };
        acts.push(`${verb} ${boot}`);
        if (boot !== '-') world.enabled = boot === 'enable';
        if (verb === 'start' || verb === 'restart') Object.assign(world, { active: true, works: true });
        if (verb === 'stop') world.active = false;
        return '';
      },
    });
    return { host, system, acts };
  }

  it('starts one that does not run, and its undo stops and disables it', async () => {
    const { host, acts } = played({ active: false, enabled: false, works: false });
    const run = await doStep(startService, of, host.deps);
    expect(run.changed).toBe(true);
    await startService.undo?.(of, run.before, host.deps, playedContext());
    expect(acts).toEqual(['start enable', 'stop disable']);
  });

  it('never touches one that runs and works', async () => {
    const { host, system, acts } = played({ active: true, enabled: true, works: true });
    system.vms = ['process 4711'];
    expect(await doStep(startService, of, host.deps)).toMatchObject({ changed: false });
    expect(acts).toEqual([]);
  });

  it('enables one that works, without starting it again', async () => {
    const { host, system, acts } = played({ active: true, enabled: false, works: true });
    system.vms = ['process 4711'];
    await doStep(startService, of, host.deps);
    expect(acts).toEqual(['none enable']);
  });

  it('restarts one that runs and does not work, on a host without VMs', async () => {
    const { host, acts } = played({ active: true, enabled: true, works: false });
    await doStep(startService, of, host.deps);
    expect(acts).toEqual(['restart enable']);
  });

  it.each([true, false])('parks for one that does not work while VMs run (it runs: %s)', async (active) => {
    const { host, system, acts } = played({ active, enabled: true, works: false });
    system.vms = ['process 4711'];
    await expect(doStep(startService, of, host.deps)).rejects.toMatchObject({ code: 'HOST_SERVICE_WRONG' });
    expect(acts).toEqual([]);
  });

  it('does not restart it for a VM that came after the look', async () => {
    const { host, system, acts } = played({ active: true, enabled: true, works: false });
    const { observed } = await startService.probe(of, host.deps, playedContext());
    system.vms = ['process 4711'];
    await expect(startService.apply?.(of, observed, host.deps, playedContext())).rejects.toMatchObject({
      code: 'HOST_HAS_VMS',
    });
    expect(acts).toEqual([]);
  });

  it('does not stop for an undo what VMs depend on by now', async () => {
    const { host, system } = played({ active: false, enabled: false, works: false });
    const run = await doStep(startService, of, host.deps);
    system.vms = ['process 4711'];
    await expect(startService.undo?.(of, run.before, host.deps, playedContext())).rejects.toMatchObject({
      code: 'HOST_HAS_VMS',
    });
  });

  it('installs nothing', async () => {
    const { host } = played({ active: false, enabled: false, works: false, loaded: false });
    await expect(doStep(startService, of, host.deps)).rejects.toMatchObject({ code: 'HOST_SERVICE_NOT_INSTALLED' });
  });
});
