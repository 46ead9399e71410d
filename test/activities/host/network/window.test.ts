import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Opened, WindowOptions } from '../../../../activities/host/network/window.ts';
import { networkSpec } from '../../../../activities/host/network/spec.ts';
import type { WindowStatus } from '../../../../activities/host/network/window-status.ts';
import { until } from '../../../../lab/clock.ts';
import type { ScriptedHost } from './scripted-host.ts';
import { cards, formerBond, scriptHost, withFunctions } from './scripted-host.ts';
import { bondOf, digestOf, inventory } from './specs.ts';

const plain = '10.9.0.7/24';

function optionsOf(host: ScriptedHost, given: { unit?: string; functions?: number } = {}): WindowOptions {
  return {
    ...{ unit: given.unit ?? 'host/LAB/run-1/8', bond: 'bond0', cards, confirmWithinMs: 90_000 },
    filesDigest: digestOf(host),
    spec: networkSpec(inventory, bondOf({ virtualFunctions: given.functions ?? 0 })),
  };
}

async function open(host: ScriptedHost, given: Parameters<typeof optionsOf>[1] = {}): Promise<string> {
  const opened = await host.windows.open(host.ssh, optionsOf(host, given));
  if (opened.kind !== 'own') throw new Error(JSON.stringify(opened));
  return opened.id;
}

async function applied(host: ScriptedHost, id: string): Promise<void> {
  await host.windows.start(host.ssh, id, 'apply');
  expect(await until(async () => (await host.windows.status(host.ssh, id)).applied, 60_000, 20)).toBe(true);
}

function reverted(host: ScriptedHost): void {
  expect(host.files()).toEqual(['20-plain.network']);
  expect(host.addresses('enp0s3')).toContain(plain);
  expect(host.masterOf('enp0s3')).toBeUndefined();
  expect(existsSync(join(host.places.base, 'open'))).toBe(false);
}

test('is armed, by a timer and for the boot, before anything of the network is changed', async () => {
  const host = scriptHost();
  const before = digestOf(host);
  const id = await open(host);
  expect(host.timers()).toEqual([`gantry-net-revert-${id}.timer`]);
  expect(existsSync(join(host.places.units, 'sysinit.target.wants', `gantry-net-boot-${id}.service`))).toBe(true);
  expect(digestOf(host)).toBe(before);
  expect(host.calls().filter((call) => /^(networkctl|ip link)/.test(call))).toEqual([]);
  const run = host.calls().find((call) => call.includes('--on-active'));
  expect(run).toContain('--on-active=90s');
  expect(run).toContain('AccuracySec=1s');
  expect(await host.windows.status(host.ssh, id)).toMatchObject({ deadman: true, applied: false, applying: false });
});

test('keeps what was committed: the timer and the boot unit are gone, and the digest is on record', async () => {
  const host = scriptHost();
  const id = await open(host);
  await applied(host, id);
  expect(host.masterOf('enp0s4')).toBe('bond0');
  expect(await host.windows.commit(host.ssh, id)).toBe('committed');
  expect(host.timers()).toEqual([]);
  expect(existsSync(join(host.places.units, `gantry-net-boot-${id}.service`))).toBe(false);
  const { digest } = networkSpec(inventory, bondOf({}));
  expect(readFileSync(join(host.places.base, 'current'), 'utf8')).toBe(`${digest} ${id}\n`);
  host.boot();
  expect(host.masterOf('enp0s3')).toBe('bond0');
  // Asked again by a worker that never had the answer.
  expect(await host.windows.commit(host.ssh, id)).toBe('committed');
});

test('reverts when its time is over, and refuses a commit that comes later', async () => {
  const host = scriptHost();
  const id = await open(host);
  await applied(host, id);
  expect(host.addresses('enp0s3')).toBe('');
  host.fire(`gantry-net-revert-${id}.timer`);
  reverted(host);
  expect(await host.windows.commit(host.ssh, id)).toBe('refused');
  expect(existsSync(join(host.places.base, 'current'))).toBe(false);
  expect(await host.windows.status(host.ssh, id)).toMatchObject({
    decided: 'reverted',
    by: 'timer',
    ended: 'reverted',
  });
});

test('commits or reverts, never both, when both come at the same moment', async () => {
  for (let round = 0; round < 8; round += 1) {
    const host = scriptHost();
    const id = await open(host);
    await applied(host, id);
    const [said] = await Promise.all([
      host.windows.commit(host.ssh, id),
      host.ssh.run(['sh', `${host.places.base}/${id}/window`, 'revert', 'timer'], { timeoutMs: 60_000 }),
    ]);
    const { decided, ended } = await host.windows.status(host.ssh, id);
    expect(decided).toBe(said === 'committed' ? 'committed' : 'reverted');
    expect(ended).toBe(decided);
    if (said === 'refused') reverted(host);
    else expect(host.masterOf('enp0s3')).toBe('bond0');
    expect(existsSync(join(host.places.base, 'current'))).toBe(said === 'committed');
    expect(host.timers()).toEqual([]);
  }
});

test('puts the former files back at the boot after a power cut, before systemd-networkd reads them', async () => {
  const host = scriptHost();
  const id = await open(host);
  await applied(host, id);
  host.forgetCalls();
  host.boot();
  reverted(host);
  expect(host.calls().filter((call) => call.startsWith('networkctl'))).toEqual([]);
  expect(await host.windows.status(host.ssh, id)).toMatchObject({ ended: 'reverted', by: 'boot' });
  // The next attempt has a window of its own.
  expect(await open(host)).not.toBe(id);
});

test('keeps a commit that was decided and cut off before anything else was done', async () => {
  const host = scriptHost();
  const id = await open(host);
  await applied(host, id);
  const dir = join(host.places.base, id);
  writeFileSync(join(dir, 'decided'), 'committed\n');
  host.fire(`gantry-net-revert-${id}.timer`);
  expect(host.masterOf('enp0s3')).toBe('bond0');
  expect(readFileSync(join(host.places.base, 'current'), 'utf8')).toContain(id);
  expect(existsSync(join(host.places.base, 'open'))).toBe(false);
});

test('makes a bond that is there again, with the new values, and the former one when it reverts', async () => {
  const host = scriptHost();
  formerBond(host);
  const made = (): string => readFileSync(join(host.places.sys, 'class/net/bond0/made'), 'utf8').trim();
  expect(made()).toBe('20-bond0.netdev');
  const id = await open(host);
  await applied(host, id);
  expect(made()).toBe('05-gantry-bond.netdev');
  host.fire(`gantry-net-revert-${id}.timer`);
  expect(made()).toBe('20-bond0.netdev');
  expect(host.addresses('bond0')).toContain('10.9.0.9/24');
  expect(host.masterOf('enp0s3')).toBe('bond0');
});

test('is found by the same unit, and kept from another one', async () => {
  const host = scriptHost();
  const id = await open(host);
  expect(await host.windows.open(host.ssh, optionsOf(host))).toEqual({ kind: 'own', id, resumed: true });
  const other = await host.windows.open(host.ssh, optionsOf(host, { unit: 'host/LAB/run-2/8' }));
  expect(other).toEqual({ kind: 'other', id, unit: 'host/LAB/run-1/8' });
  expect(host.timers()).toHaveLength(1);
});

test('is armed once by two runs that come at the same moment', async () => {
  const host = scriptHost();
  const both = await Promise.all(
    ['run-1', 'run-2'].map((unit) => host.windows.open(host.ssh, optionsOf(host, { unit }))),
  );
  expect(both.map(({ kind }: Opened) => kind).sort()).toEqual(['other', 'own']);
  expect(host.timers()).toHaveLength(1);
});

test('is forgotten where whoever opened it died before it was armed', async () => {
  const host = scriptHost();
  const first = await open(host);
  // As the kill leaves it: opened, not armed.
  rmSync(join(host.places.base, first, 'armed'));
  rmSync(join(host.root, 'timers', `gantry-net-revert-${first}.timer`));
  const second = await open(host, { unit: 'another run' });
  expect(second).not.toBe(first);
  expect(host.timers()).toEqual([`gantry-net-revert-${second}.timer`]);
});

test('is not opened over files that were changed since they were looked at, and leaves nothing behind', async () => {
  const host = scriptHost();
  const options = optionsOf(host);
  writeFileSync(join(host.places.networks, '30-somebody.network'), '[Match]\nName=eth9\n');
  expect((await host.windows.open(host.ssh, options)).kind).toBe('changed');
  expect(host.timers()).toEqual([]);
  expect(existsSync(join(host.places.base, 'open'))).toBe(false);
});

test('leaves a file that another actor put there meanwhile, when it reverts', async () => {
  const host = scriptHost();
  const id = await open(host);
  await applied(host, id);
  writeFileSync(join(host.places.networks, '30-somebody.network'), '[Match]\nName=eth9\n');
  host.fire(`gantry-net-revert-${id}.timer`);
  expect(host.files()).toEqual(['20-plain.network', '30-somebody.network']);
});

test('is not committed by a worker that woke up after it had been reverted, nor is the next one', async () => {
  const host = scriptHost();
  const first = await open(host);
  await applied(host, first);
  host.fire(`gantry-net-revert-${first}.timer`);
  const second = await open(host);
  await applied(host, second);
  expect(await host.windows.commit(host.ssh, first)).toBe('refused');
  expect((await host.windows.status(host.ssh, second)).decided).toBeUndefined();
});

test('applies nothing without a dead-man', async () => {
  const host = scriptHost();
  const id = await open(host);
  await host.ssh.run(['sh', '-c', `rm ${host.root}/timers/*`], { timeoutMs: 10_000 });
  const end = await host.ssh.run(['sh', `${host.places.base}/${id}/window`, 'apply'], { timeoutMs: 10_000 });
  expect(end.code).toBe(12);
  expect(host.files()).toEqual(['20-plain.network']);
});

test('makes virtual functions inside it, and takes them back', async () => {
  const host = scriptHost();
  const functions = cards.map((card) => withFunctions(host, card, 2));
  const id = await open(host, { functions: 4 });
  await applied(host, id);
  expect(functions.map(({ now }) => now())).toEqual([4, 4]);
  expect(existsSync(join(host.places.rules, '70-gantry-functions.rules'))).toBe(true);
  host.fire(`gantry-net-revert-${id}.timer`);
  expect(functions.map(({ now }) => now())).toEqual([2, 2]);
  expect(existsSync(join(host.places.rules, '70-gantry-functions.rules'))).toBe(false);
});

test('boots the host, once, where its former network does not come back otherwise', async () => {
  const host = scriptHost();
  const id = await open(host);
  await applied(host, id);
  host.breakAddresses(true);
  host.fire(`gantry-net-revert-${id}.timer`);
  expect(host.calls().filter((call) => call === 'systemctl reboot')).toHaveLength(1);
  host.breakAddresses(false);
  host.boot();
  reverted(host);
});

test('does not boot the host for a cable that is out: its former files are there, and its addresses come with the carrier', async () => {
  const host = scriptHost();
  const id = await open(host);
  await applied(host, id);
  host.breakAddresses(true);
  writeFileSync(join(host.places.sys, 'class/net/enp0s3/carrier'), '0\n');
  host.fire(`gantry-net-revert-${id}.timer`);
  expect(host.calls().filter((call) => call === 'systemctl reboot')).toEqual([]);
  expect(host.files()).toEqual(['20-plain.network']);
  expect(readFileSync(join(host.places.base, id, 'ended'), 'utf8')).toBe('reverted\n');
});

test('undoes a committed change in a window of its own, and keeps the change where the undo is not committed', async () => {
  const host = scriptHost();
  const id = await open(host);
  await applied(host, id);
  await host.windows.commit(host.ssh, id);
  const undo = async (): Promise<string> => {
    const opened = await host.windows.open(host.ssh, {
      ...{ unit: 'host/LAB/run-1/8 undo', bond: 'bond0', cards, confirmWithinMs: 90_000 },
      ...{ filesDigest: digestOf(host), restores: id },
    });
    return (opened as { id: string }).id;
  };
  const cutOff = await undo();
  await applied(host, cutOff);
  expect(host.files()).toEqual(['20-plain.network']);
  host.fire(`gantry-net-revert-${cutOff}.timer`);
  expect(host.masterOf('enp0s3')).toBe('bond0');
  const second = await undo();
  await applied(host, second);
  expect(await host.windows.asBefore(host.ssh, id)).toBe(true);
  expect(await host.windows.commit(host.ssh, second)).toBe('committed');
  reverted(host);
  expect(existsSync(join(host.places.base, 'current'))).toBe(false);
});

test('says how much time is left by the clock of the host alone', async () => {
  const host = scriptHost();
  const id = await open(host);
  const { leftS } = (await host.windows.status(host.ssh, id)) as Required<WindowStatus>;
  expect(leftS).toBeGreaterThan(0);
  expect(leftS).toBeLessThanOrEqual(90);
});

test('takes down one card at a time, whoever asks, and keeps no result of an earlier drill', async () => {
  const host = scriptHost();
  const id = await open(host);
  await applied(host, id);
  for (const card of cards) await host.windows.start(host.ssh, id, 'drill', card);
  const down = async (): Promise<string[]> => {
    const { drills } = await host.windows.status(host.ssh, id);
    return Object.entries(drills).flatMap(([card, how]) => (how === 'down' ? [card] : []));
  };
  for (let count = 0; count < cards.length; count += 1) {
    expect(await until(async () => (await down()).length > 0, 60_000, 20)).toBe(true);
    const [card = '', ...others] = await down();
    expect(others).toEqual([]);
    await host.windows.seen(host.ssh, id, card);
    await until(async () => !(await down()).includes(card), 60_000, 20);
  }
  const { drills } = await host.windows.status(host.ssh, id);
  for (const card of cards) expect(drills[card]).toContain('reached=yes');
  await host.windows.start(host.ssh, id, 'drill', cards[0]);
  const [first] = cards;
  expect(await until(async () => (await host.windows.status(host.ssh, id)).drills[first] === 'down', 60_000, 20)).toBe(
    true,
  );
});
