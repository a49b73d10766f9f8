/** Why a record is not a flight that can be processed. */
export type UnreadableReason =
  | 'not-an-object'
  | 'missing-field'
  | 'wrong-type'
  | 'impossible-date'
  | 'impossible-delay'
  | 'impossible-distance'
  | 'impossible-route'
  | 'unknown-airport';

/** A record that is well-formed JSON but cannot be a flight. It belongs on the dead-letter topic. */
export class UnreadableFlightError extends Error {
  override readonly name = 'UnreadableFlightError';

  constructor(
    readonly reason: UnreadableReason,
    message: string,
  ) {
    super(`${reason}: ${message}`);
  }
}
