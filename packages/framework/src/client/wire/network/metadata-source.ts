import { KafkaError } from '../../../errors/errors.js';
import { reasonOf, unreachable } from '../../connection/refusals.js';
import { chooseVersion } from './api-versions.js';
import { backoffMs } from './backoff.js';
import type { BrokerLane } from './broker-lane.js';
import type { ClusterView } from './cluster-view.js';
import { metadataRequest, metadataVersions } from './metadata-request.js';
import { ApiKey, unsupported, type ApiVersions, type WireRequest } from './wire-request.js';

/** One server is given up after this part of the time, so that one that hangs leaves time for the others. */
const ATTEMPT_PART = 1 / 3;
const LEAST_ATTEMPT_MS = 2_000;

export interface MetadataSourceDeps {
  readonly timeoutMs: number;
  /** Lanes to any broker, those most likely to answer first; at least one. Asked anew for each round. */
  readonly candidates: () => readonly BrokerLane[];
  readonly onView: (view: ClusterView) => void;
  /** @throws when the network is closed */
  readonly wait: (ms: number) => Promise<void>;
}

interface Batch {
  readonly topics: Set<string>;
  readonly view: Promise<ClusterView>;
}

/** Asks any broker: for metadata, and for what every broker can answer. Callers of the same moment share one request. */
export class MetadataSource {
  /** Not sent yet: more topics may join. */
  private next: Batch | undefined;
  private underWay: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: MetadataSourceDeps) {}

  /** Sent after this call was made, so the view is never older than the question. */
  metadata(topics: readonly string[]): Promise<ClusterView> {
    this.next ??= this.batch();
    for (const topic of topics) this.next.topics.add(topic);
    return this.next.view;
  }

  private batch(): Batch {
    const topics = new Set<string>();
    // Waits its turn: whoever asks meanwhile joins it.
    const view = this.underWay.then(async () => {
      this.next = undefined;
      const read = await this.ask((versions) => {
        const version = chooseVersion(versions, ApiKey.metadata, metadataVersions);
        if (version === undefined) throw unsupported('Metadata', 'the cluster');
        return metadataRequest(version, [...topics], this.attemptMs);
      });
      this.deps.onView(read);
      return read;
    });
    this.underWay = view.catch(() => undefined);
    return { topics, view };
  }

  private get attemptMs(): number {
    const { timeoutMs } = this.deps;
    return Math.min(timeoutMs, Math.max(LEAST_ATTEMPT_MS, Math.round(timeoutMs * ATTEMPT_PART)));
  }

  /**
   * Asks one broker after the other until one answers.
   *
   * @throws KafkaError `BROKER_UNREACHABLE` when the request time-out is over; at once what a broker answers
   */
  async ask<T>(toRequest: (versions: ApiVersions) => WireRequest<T>): Promise<T> {
    const deadlineMs = performance.now() + this.deps.timeoutMs;
    for (let round = 1; ; round++) {
      const reasons: string[] = [];
      for (const lane of this.deps.candidates()) {
        try {
          return await lane.send(toRequest);
        } catch (error) {
          if (!isConnectionTrouble(error)) throw error;
          reasons.push(`${lane.server}: ${reasonOf(error.cause ?? error)}`);
        }
        if (performance.now() >= deadlineMs) break;
      }
      if (performance.now() >= deadlineMs) throw unreachable(reasons, this.deps.timeoutMs);
      await this.deps.wait(backoffMs(round));
    }
  }
}

/** The client's own errors begin with an underscore; what a broker answers another would answer, too. */
function isConnectionTrouble(error: unknown): error is KafkaError {
  if (!(error instanceof KafkaError) || !error.isRetriable) return false;
  return error.kafkaCode.startsWith('_') || error.kafkaCode === 'BROKER_NOT_AVAILABLE';
}
