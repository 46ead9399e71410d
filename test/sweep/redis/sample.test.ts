import { sampleKinds } from '../sample.ts';

// A point waits more than it computes: two at a time.
await sampleKinds('redis', { points: 8, lanes: 2, kinds: 1 });
