import { p50, rounded } from '../../statistics.ts';

/** One move, as it was seen. */
export type Moved = {
  bytes: number;
  transferMs?: number;
  endToEndMs: number;
  wrongTotalMs: number;
  stillWrong: boolean;
  /** The reader's questions that were answered, and those that were not. */
  answers: number;
  failures: number;
  /** From the kill until the total was right; 0 where it was not wrong at that moment. */
  rightAgainMs?: number;
  /** False for a script that can't be started again. */
  finished: boolean;
};

/** The moves of one method in one scenario. Rates are medians and in MB (10⁶ bytes) a second; null where not measured. */
export type MethodResult = ReturnType<typeof summary>;

/** Sums up a method's moves, and what its ledger says of its rows. */
export function summary(moves: readonly Moved[], { lost, doubled }: { lost: number; doubled: number }) {
  const rate = (ms: (move: Moved) => number | undefined): number | null => {
    const rates = moves.flatMap((move) => {
      const took = ms(move);
      return took ? [move.bytes / 1_000 / took] : [];
    });
    return rates.length > 0 ? rounded(p50(rates)) : null;
  };
  const rightAgain = moves.flatMap(({ rightAgainMs }) => (rightAgainMs === undefined ? [] : [rightAgainMs]));
  const leftWrong = moves.filter(({ stillWrong }) => stillWrong).length;
  return {
    moves: moves.length,
    transferMbPerS: rate(({ transferMs }) => transferMs),
    endToEndMbPerS: rate(({ endToEndMs }) => endToEndMs),
    wrongTotalMs: rounded(Math.max(...moves.map(({ wrongTotalMs }) => wrongTotalMs))),
    wrongTotalMsP50: rounded(p50(moves.map(({ wrongTotalMs }) => wrongTotalMs))),
    /** Null also where a total stayed wrong. */
    rightAgainMs: rightAgain.length > 0 && leftWrong === 0 ? rounded(Math.max(...rightAgain), 0) : null,
    leftWrong,
    readerAnswers: moves.reduce((sum, { answers }) => sum + answers, 0),
    readerFailures: moves.reduce((sum, { failures }) => sum + failures, 0),
    unfinished: moves.filter(({ finished }) => !finished).length,
    ...{ lost, doubled },
  };
}
