import { askMetric } from '../../../activities/region/metrics/ask.ts';
import { connectPrometheus } from '../../../src/drivers/prometheus/index.ts';

// A process of its own, so that its clock can be another one: reads the metric `one` and prints what it says, and its own time.
const [url = '', sinceMs = ''] = process.argv.slice(2);
const prometheus = connectPrometheus({ url });
const metric = { name: 'one', query: 'one', selectors: ['one'], max: 1, holdsForMs: 0, freshnessMs: 60_000 };
// A sample must be younger than `since`: the first scrapes may be older than that, so look until one is.
let reading = await askMetric(prometheus, metric, await prometheus.now(), Number(sinceMs));
for (let left = 50; left > 0 && reading.value !== 'pass'; left -= 1) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  reading = await askMetric(prometheus, metric, await prometheus.now(), Number(sinceMs));
}
process.stdout.write(JSON.stringify({ ownMs: Date.now(), reading }));
