import { sampleKinds } from '../sample.ts';

await sampleKinds('region', { points: 4, lanes: 1, kinds: 1 });
