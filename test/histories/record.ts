import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { redisSwitchoverCases } from './cases.ts';
import { scrubbed } from './scrub.ts';
import { openStage } from './stage.ts';

// `make fixtures`: one finished run of each case on real parts; its history, without what is this machine's, becomes a
// fixture of this version. Those of earlier versions stay: runs that began with them must still replay.
const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

// Runs that fail on purpose are no news.
Runtime.install({ logger: new DefaultLogger('ERROR') });
const recorded = new Map<string, string>();
const stage = await openStage();
try {
  for (const [name, play] of Object.entries(redisSwitchoverCases)) {
    const handle = await play(stage);
    const outcome = await handle.result().then(
      (report) => (report as { outcome: string }).outcome,
      (error: { cause?: { type?: string } }) => `failed: ${error.cause?.type}`,
    );
    const history = historyToJSON(await handle.fetchHistory());
    const folders = { [stage.stateDir]: '/lab', [root]: '' };
    recorded.set(`redisSwitchover@${version}-${name}.json`, scrubbed(history, folders));
    process.stdout.write(`${name.padEnd(24)} ${outcome}\n`);
  }
} finally {
  await stage.stop();
}
for (const file of readdirSync(here)) if (file.includes(`@${version}-`)) rmSync(join(here, file));
for (const [file, history] of recorded) writeFileSync(join(here, file), history);
