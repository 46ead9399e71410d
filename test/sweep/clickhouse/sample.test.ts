import { sampleKinds } from '../sample.ts';

// A lane is a cluster, and one of these fills a small machine. All five kinds took 27 minutes of a busy one.
await sampleKinds('clickhouse', { points: 5, lanes: 1, kinds: 2 });
