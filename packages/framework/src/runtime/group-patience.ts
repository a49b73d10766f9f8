import { KafkaError } from '../errors/errors.js';
import type { Patience } from './retry.js';

/** A new member each second would only fill the broker's log. */
const REJOIN_DELAY_MS = 3_000;

/**
 * Joins again while the broker counts members in that are gone, until their session is over: those of another protocol,
 * after a move from Kafka Streams, which never leaves its group; or this static member's own life before, which crashed.
 */
export class GroupPatience {
  #sinceMs: number | undefined;

  constructor(private readonly patience: Patience) {}

  /**
   * Whether this error is worth another try, which is then due after {@link wait}.
   *
   * @param startedMs when the member that failed was made, monotonic: after a long life the patience is fresh
   */
  allows(error: Error, startedMs: number): boolean {
    if (!(error instanceof KafkaError) || !maybeForgottenSoon(error)) return false;
    const { clock, taskTimeoutMs } = this.patience;
    const nowMs = clock.monotonicMs();
    if (this.#sinceMs === undefined || nowMs - startedMs > taskTimeoutMs) this.#sinceMs = nowMs;
    return nowMs - this.#sinceMs < taskTimeoutMs;
  }

  wait(): Promise<void> {
    return this.patience.clock.sleep(REJOIN_DELAY_MS);
  }
}

function maybeForgottenSoon({ code, kafkaCode }: KafkaError): boolean {
  return code === 'GROUP_PROTOCOL_MISMATCH' || kafkaCode === 'UNRELEASED_INSTANCE_ID';
}
