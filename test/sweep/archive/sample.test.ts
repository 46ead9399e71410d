import { sampleKinds } from '../sample.ts';

// A lane is two ClickHouse servers, two Redis nodes and an object store.
await sampleKinds('archive', { points: 6, lanes: 1 });
