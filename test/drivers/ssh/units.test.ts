import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import type { LabHost } from '../../../lab/host/index.ts';
import { startHost } from '../../../lab/host/index.ts';
import type { Ssh, SshPool, UnitState } from '../../../src/drivers/ssh/index.ts';
import {
  collectUnit,
  createSshPool,
  readUnitLog,
  startUnit,
  stopUnit,
  watchUnit,
} from '../../../src/drivers/ssh/index.ts';
import { describeWith } from '../../support/lab.ts';

/** Of one test: a guest without acceleration, on cores that others use. */
const timeout = 1_200_000;

await describeWith(['host'], 'a named unit on a host', () => {
  let stateDir: string;
  let host: LabHost;
  let pool: SshPool;
  const ssh = (): Ssh => {
    const { host: at, port, user } = host.ssh;
    return pool.on({ host: at, port, user, privateKey: host.privateKey, hostKey: host.hostKey });
  };
  const ended = async (name: string): Promise<UnitState> => {
    let seen: UnitState = { state: 'running' };
    await until(async () => (seen = await watchUnit(ssh(), name)).state !== 'running', 600_000, 500);
    return seen;
  };
  /** Appends a line to `file`, says so, and waits until `<file>.go` is there. */
  const work = (file: string): string[] => [
    'sh',
    '-c',
    'echo ran >>"$1"; echo "it\'s begun"; until [ -e "$1.go" ]; do sleep 0.2; done; echo over; exit 7',
    'sh',
    file,
  ];

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
    host = await startHost({ stateDir, serial: 'LAB0077' });
    pool = createSshPool();
  }, timeout);
  afterAll(async () => {
    pool?.close();
    await host?.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  test('runs once, however many workers start it, and is found by the next one', { timeout }, async () => {
    const unit = { name: 'host/LAB0077/run-1/4 burn in', argv: work('/root/once') };
    expect(await watchUnit(ssh(), unit.name)).toEqual({ state: 'absent' });
    const starts = await Promise.all([startUnit(ssh(), unit), startUnit(ssh(), unit), startUnit(ssh(), unit)]);
    expect(starts).toEqual([{ state: 'running' }, { state: 'running' }, { state: 'running' }]);
    const next = createSshPool();
    try {
      const { host: at, port, user } = host.ssh;
      const other = next.on({
        host: at,
        port,
        user,
        privateKey: host.privateKey,
        hostKey: host.hostKey,
      });
      expect(await startUnit(other, unit)).toEqual({ state: 'running' });
    } finally {
      next.close();
    }
    await host.ok('touch /root/once.go');
    expect(await ended(unit.name)).toEqual({ state: 'ended', code: 7 });
    expect(await startUnit(ssh(), unit)).toEqual({ state: 'ended', code: 7 });
    expect(await host.ok('cat /root/once')).toBe('ran');
  });

  test('gets every word of its command as it is', { timeout }, async () => {
    const words = ['${HOME}', '$HOME', '$$', '${x%/md}', '%h', "it's", '"two" words', '\\', ''];
    const name = 'host/LAB0077/run-1/6 words';
    await startUnit(ssh(), { name, argv: ['printf', '[%s]\\n', ...words] });
    expect(await ended(name)).toEqual({ state: 'ended', code: 0 });
    expect((await readUnitLog(ssh(), name, 0)).text).toBe(words.map((word) => `[${word}]\n`).join(''));
  });

  test('has a log that is read on from where the last read ended', { timeout }, async () => {
    const unit = { name: 'log', argv: work('/root/log') };
    await startUnit(ssh(), unit);
    let first = { text: '', offset: 0 };
    await until(async () => (first = await readUnitLog(ssh(), unit.name, 0)).offset > 0, 300_000, 500);
    expect(first).toEqual({ text: "it's begun\n", offset: 11 });
    await host.ok('touch /root/log.go');
    await ended(unit.name);
    expect(await readUnitLog(ssh(), unit.name, first.offset)).toEqual({ text: 'over\n', offset: 16 });
  });

  test('keeps its name for its own command until it is collected', { timeout }, async () => {
    const unit = { name: 'taken', argv: ['true'] };
    await startUnit(ssh(), unit);
    expect(await ended(unit.name)).toEqual({ state: 'ended', code: 0 });
    await expect(startUnit(ssh(), { name: 'taken', argv: ['false'] })).rejects.toMatchObject({
      code: 'REMOTE_UNIT_FAILED',
      message: expect.stringMatching(/belongs to another command/) as string,
    });
    await collectUnit(ssh(), unit.name);
    expect(await watchUnit(ssh(), unit.name)).toEqual({ state: 'absent' });
    await startUnit(ssh(), { name: 'taken', argv: ['false'] });
    expect(await ended(unit.name)).toEqual({ state: 'ended', code: 1 });
  });

  test(
    'can be ended with all its processes, is not collected while it runs, and is lost then',
    { timeout },
    async () => {
      const unit = { name: 'stopped', argv: work('/root/stopped') };
      await startUnit(ssh(), unit);
      await expect(collectUnit(ssh(), unit.name)).rejects.toMatchObject({ code: 'REMOTE_UNIT_FAILED' });
      expect(await stopUnit(ssh(), unit.name)).toEqual({ state: 'lost' });
      expect(await host.ok("pgrep -fc '/root/stopped' || true")).toMatch(/^[01]$/);
    },
  );

  test('is lost when the power is cut, and is started again then', { timeout }, async () => {
    const unit = { name: 'cut', argv: work('/root/cut') };
    await startUnit(ssh(), unit);
    await until(async () => (await readUnitLog(ssh(), unit.name, 0)).offset > 0, 300_000, 500);
    await host.ok('sync');
    await host.powerCut();
    await host.powerOn();
    expect(await watchUnit(ssh(), unit.name)).toEqual({ state: 'lost' });
    expect(await startUnit(ssh(), unit)).toEqual({ state: 'running' });
    await host.ok('touch /root/cut.go');
    expect(await ended(unit.name)).toEqual({ state: 'ended', code: 7 });
    expect(await host.ok('cat /root/cut')).toBe('ran\nran');
  });
});
