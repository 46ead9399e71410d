import { bytesInWords } from './words.ts';

/** What is to be said where the platform file caps what copies take of the network, and these servers can't. */
export function uncappedWarnings(maxFetchBytesPerSecond: number | undefined, cannot: readonly string[]): string[] {
  if (maxFetchBytesPerSecond === undefined || cannot.length === 0) return [];
  const rate = `${bytesInWords(maxFetchBytesPerSecond)}/s`;
  return [
    `\`maxFetchRate\` of ${rate} cannot be kept: ${cannot.join(' and ')} cannot cap what a fetch takes, which is all that the network gives`,
  ];
}

/** What a copy is taken to transfer, bytes a second: no more than the cap, where it is kept. */
export function copyRate(usual: number, maxFetchBytesPerSecond: number | undefined, cannot: readonly string[]): number {
  return cannot.length > 0 ? usual : Math.min(usual, maxFetchBytesPerSecond ?? usual);
}
