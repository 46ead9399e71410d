import { sampleKinds } from '../sample.ts';

// A lane is a cluster, and one of these fills a small machine.
await sampleKinds('clickhouse', { points: 5, lanes: 1 });
