import { parseArgs } from 'node:util';
import { startDiscovery } from './discovery.ts';

// node --import tsx lab/discovery/main.ts --file <file> [--port <n>]: discovery as a process of its own, which survives
// the runs that use it. The token, when there is one, comes in GANTRY_DISCOVERY_TOKEN: not in the process list.
const { values } = parseArgs({ options: { file: { type: 'string' }, port: { type: 'string' } } });
if (values.file === undefined) throw new TypeError('usage: discovery-main.ts --file <file> [--port <n>]');
const token = process.env['GANTRY_DISCOVERY_TOKEN'];

const discovery = await startDiscovery({
  file: values.file,
  ...(values.port === undefined ? {} : { port: Number(values.port) }),
  ...(token ? { token } : {}),
});
console.log(JSON.stringify({ url: discovery.url }));

process.once('SIGTERM', () => void discovery.stop().then(() => process.exit(0)));
