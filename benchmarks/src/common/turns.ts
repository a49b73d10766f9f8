/** In each round the sides run one after the other; who begins changes from round to round. */
export function inTurn<T>(sides: readonly T[], round: number): readonly T[] {
  return round % 2 === 1 ? sides : sides.toReversed();
}
