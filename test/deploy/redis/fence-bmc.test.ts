import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { Bmc, BmcOptions } from '../../../lab/bmc.ts';
import { bmcSuite, startBmc } from '../../../lab/bmc.ts';
import { freePort } from '../../../lab/ports.ts';
import { runProgram } from '../../../src/drivers/programs/run-local.ts';
import { dataOf, failoverScene, step } from '../../activities/redis/failover/scene.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';

const script = fileURLToPath(new URL('../../../deploy/redis/fence-bmc.sh', import.meta.url));
const user = 'fence';
const password = 'test-only';

function fileWith(text: string): string {
  const file = join(labFolder(), 'password');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

async function bmc(options: Partial<BmcOptions> = {}): Promise<Bmc> {
  return stopping(await startBmc({ dir: labFolder(), user, password, ...options }));
}

/** As the fence of a worker runs it. */
async function fence(mode: string, port: number, secret = fileWith(password)): Promise<[number | undefined, string]> {
  const argv = ['sh', script, mode, '127.0.0.1', user, secret, `${port}`, `${bmcSuite}`];
  const { code, stdout, stderr } = await runProgram(argv, { timeoutMs: 15_000, signal: AbortSignal.timeout(20_000) });
  return [code ?? undefined, (stdout + stderr).trim()];
}

await describeWith(['bmc'], 'the power fence', () => {
  test('takes the power, also twice, and is confirmed by what the BMC says of it', async () => {
    const machine = spawn('sleep', ['600']);
    onTestFinished(() => void machine.kill('SIGKILL'));
    const { port, power } = await bmc({ machine: machine.pid as number });
    expect(await fence('confirm', port)).toEqual([1, '127.0.0.1: Chassis Power is on']);
    for (const time of [1, 2]) expect([time, ...(await fence('fence', port))]).toEqual([time, 0, '']);
    expect(power()).toBe('off');
    expect(machine.signalCode ?? (await new Promise((resolve) => machine.once('exit', (_, by) => resolve(by))))).toBe(
      'SIGKILL',
    );
    expect(await fence('confirm', port)).toEqual([0, '127.0.0.1: Chassis Power is off, and was 5 s ago']);
  });

  test('waits for a BMC that says for a while that the power is still on', async () => {
    const { port } = await bmc({ lagSeconds: 3 });
    expect(await fence('fence', port)).toEqual([0, '']);
    expect(await fence('confirm', port)).toMatchObject([0, expect.anything()]);
  });

  test('does not take the middle of a power cycle for a proof', async () => {
    const { port, cycle } = await bmc();
    cycle(2);
    expect(await fence('confirm', port)).toEqual([1, '127.0.0.1: Chassis Power is on']);
  });

  test('proves nothing where the BMC is not there, or does not know the password, and says so in time', async () => {
    const { port, power } = await bmc();
    const [wrongly, said] = await fence('fence', port, fileWith('another'));
    expect([wrongly, said]).toEqual([1, expect.stringContaining('Unable to establish')]);
    expect(said).not.toContain('another');
    expect(await fence('confirm', port, fileWith('another'))).toMatchObject([1, expect.anything()]);
    const nobody = await freePort();
    expect(await fence('fence', nobody)).toMatchObject([1, expect.stringContaining('Unable to establish')]);
    expect(await fence('confirm', nobody)).toMatchObject([1, expect.anything()]);
    expect(await fence('reboot', port)).toMatchObject([2, expect.anything()]);
    expect(await fence('fence', port, '/nowhere')).toMatchObject([2, expect.stringContaining('/nowhere')]);
    expect(power()).toBe('on');
  });
});

await describeWith(['bmc', 'redis'], 'a failover by the BMC', () => {
  test('has the power taken from the primary’s machine, and that for a receipt', async () => {
    const s = await failoverScene();
    const machine = s.lab.node('r1').pid;
    const { port } = await bmc({ machine });
    const words = ['127.0.0.1', user, fileWith(password), `${port}`, `${bmcSuite}`];
    s.config.failover.fences = [
      {
        ...{ kind: 'command', name: 'bmc', what: 'power' },
        ...{ fence: ['sh', script, 'fence', ...words], confirm: ['sh', script, 'confirm', ...words] },
      },
    ];
    const fenced = await step(s.activities().redisFence, await dataOf(s));
    expect(fenced.after).toMatchObject({
      receipt: {
        fence: 'bmc',
        kind: 'command',
        confirmed: true,
        evidence: expect.stringContaining('is off') as string,
      },
    });
    expect(s.lab.node('r1').isRunning()).toBe(false);
  });
});
