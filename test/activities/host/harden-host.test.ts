import { describe, expect, it } from 'vitest';
import { flawsOf } from '../../../activities/host/system/conformance.ts';
import { controlsOf } from '../../../activities/host/system/controls/index.ts';
import { hardenHost } from '../../../activities/host/system/harden-host.ts';
import { doStep, playedContext, playHost } from '../../support/played-host.ts';
import { playSystem } from '../../support/played-system.ts';

const of = { serial: 'T1', generation: 1 };

describe('harden-host', () => {
  it('puts every flaw right, leaves the kernel’s command line to the reboot, and then finds nothing to do', async () => {
    const host = playHost();
    playSystem(host);
    const first = await doStep(hardenHost, of, host.deps);
    expect(first.changed).toBe(true);
    expect(flawsOf(first.after).map(({ control, cure }) => [control, cure])).toEqual([
      ['kernel-arguments', 'reboot'],
      ['smt', 'reboot'],
    ]);
    const sent = host.sent.length;
    const again = await doStep(hardenHost, of, host.deps);
    expect(again).toMatchObject({ changed: false, after: { digest: first.after.digest } });
    expect(host.sent.slice(sent).map(([name]) => name)).toEqual(['read-controls']);
  });

  it('writes the boot loader’s configuration in a unit that a later attempt joins, and never twice at once', async () => {
    const host = playHost();
    playSystem(host);
    host.holdUnits = true;
    const former = new AbortController();
    const killed = doStep(hardenHost, of, host.deps, playedContext({ signal: former.signal }));
    await expect.poll(() => host.units.size).toBe(1);
    former.abort(new Error('kill -9'));
    await expect(killed).rejects.toThrow();
    const joined = playedContext({ progress: () => host.endUnits() });
    await expect(doStep(hardenHost, of, host.deps, joined)).resolves.toMatchObject({ changed: true });
    expect(host.sent.filter(([name]) => name === 'apply-kernel-arguments')).toHaveLength(1);
    expect(host.units.size).toBe(0);
  });

  it('reads all controls in one round trip', async () => {
    const host = playHost();
    playSystem(host, 'conforming');
    await hardenHost.probe(of, host.deps, playedContext());
    expect(host.sent.map(([name]) => name)).toEqual(['read-controls']);
  });

  it('gives another digest as soon as one control is found otherwise', async () => {
    const host = playHost();
    const system = playSystem(host, 'conforming');
    const before = await hardenHost.probe(of, host.deps, playedContext());
    system.found.set('kvm-timer-period', '150');
    const after = await hardenHost.probe(of, host.deps, playedContext());
    expect(after.observed.digest).not.toBe(before.observed.digest);
    expect(after).toMatchObject({ verdict: 'todo', summary: 'kvm-timer-period: min_timer_period_us is 150' });
  });

  it('finds a file of Gantry’s that another client has changed', async () => {
    const host = playHost();
    playSystem(host, 'conforming');
    host.files.set('/etc/gantry/egress.nft', '# nothing\n');
    const seen = await hardenHost.probe(of, host.deps, playedContext());
    expect(seen).toMatchObject({
      verdict: 'todo',
      summary: expect.stringContaining('/etc/gantry/egress.nft is not as') as string,
    });
  });

  it('writes no file of a control that only a person can put right', async () => {
    const host = playHost();
    playSystem(host).found.set('vm-uids', 'user taken');
    await expect(doStep(hardenHost, of, host.deps)).rejects.toMatchObject({ code: 'HOST_CANNOT_CONFORM' });
    expect(host.sent.map(([name]) => name)).toEqual(['read-controls']);
  });

  it.each([
    ['console=ttyS0', 'blocked'],
    ['console=ttyS1,115200n8\nconsole=ttyS0', 'blocked'],
    ['console=tty0\nconsole=ttyS0', 'todo'],
    ['', 'todo'],
  ])('takes no host’s only console away: %j', async (consoles, verdict) => {
    const host = playHost();
    const { found } = playSystem(host);
    const words = found.get('kernel-arguments') ?? '';
    found.set('kernel-arguments', `${consoles}\n${words}`);
    expect((await hardenHost.probe(of, host.deps, playedContext())).verdict).toBe(verdict);
    // A host that runs so has shown that it boots.
    found.set('kernel-arguments', `${consoles}\n${words.replaceAll('without', 'with')}`);
    expect((await hardenHost.probe(of, host.deps, playedContext())).verdict).toBe('todo');
  });

  it('changes nothing on a host that cannot conform', async () => {
    const host = playHost();
    const system = playSystem(host);
    system.found.set('cpu-vulnerabilities', 'mds');
    await expect(doStep(hardenHost, of, host.deps)).rejects.toMatchObject({
      code: 'HOST_CANNOT_CONFORM',
      message: expect.stringContaining('vulnerable: mds') as string,
    });
    expect(host.sent.map(([name]) => name)).toEqual(['read-controls']);
  });

  it('does not overwrite a file that came between the look and the write', async () => {
    const host = playHost();
    playSystem(host);
    const { observed } = await hardenHost.probe(of, host.deps, playedContext());
    host.files.set('/etc/default/grub.d/zz-gantry.cfg', 'someone was here\n');
    await expect(hardenHost.apply?.(of, observed, host.deps, playedContext())).rejects.toMatchObject({
      code: 'HOST_FILE_CHANGED',
    });
  });

  it('finishes what a lost connection cut off', async () => {
    const host = playHost();
    playSystem(host);
    host.cut('apply-swap', 'after');
    await expect(doStep(hardenHost, of, host.deps)).rejects.toMatchObject({ code: 'SSH_FAILED' });
    expect(await doStep(hardenHost, of, host.deps)).toMatchObject({ changed: true });
  });

  it('takes back what it found otherwise, files included', async () => {
    const host = playHost();
    const system = playSystem(host);
    const before = { found: new Map(system.found), files: new Map(host.files) };
    const run = await doStep(hardenHost, of, host.deps);
    await hardenHost.undo?.(of, run.before, host.deps, playedContext());
    expect(system.found).toEqual(before.found);
    expect(host.files).toEqual(before.files);
  });

  it('touches nothing when a second run over a conforming host is undone', async () => {
    const host = playHost();
    const system = playSystem(host);
    await doStep(hardenHost, of, host.deps);
    const kept = { found: new Map(system.found), files: new Map(host.files) };
    const again = await doStep(hardenHost, of, host.deps);
    await hardenHost.undo?.(of, again.before, host.deps, playedContext());
    expect(system.found).toEqual(kept.found);
    expect(host.files).toEqual(kept.files);
  });

  it('leaves a file that another client changed after the run', async () => {
    const host = playHost();
    playSystem(host);
    const run = await doStep(hardenHost, of, host.deps);
    host.files.set('/etc/gantry/vm-uids', 'mine\n');
    await hardenHost.undo?.(of, run.before, host.deps, playedContext());
    expect(host.files.get('/etc/gantry/vm-uids')).toBe('mine\n');
  });

  it('declares each control once, with its source', () => {
    const controls = controlsOf(playHost().access.class);
    expect(new Set(controls.map(({ name }) => name)).size).toBe(controls.length);
    for (const { source, wanted } of controls) expect(source && wanted).toBeTruthy();
    // What changes a host can be taken back.
    for (const { name, apply, files, restore } of controls)
      if (apply && !files) expect([name, restore]).toEqual([name, expect.any(String)]);
  });
});
