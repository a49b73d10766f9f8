import type { KafkaError } from '../../errors/errors.js';
import type { KafkaConsumer, NativeConsumer } from './addon.js';
import type { AddonHandle } from './addon-handle.js';
import type { Cluster } from './cluster.js';
import { diagnosePartition } from './fetch-diagnosis.js';
import type { FetchPartition } from './fetch-partition.js';

/** How long a partition that is not at its end may stand still before it is looked at, ms. */
const stallMs = 3000;
/** How often partitions that stand still are searched for, ms. */
const lookEveryMs = 200;
/** Shortest time between two looks because of errors, ms: the native client repeats them. */
const diagnosisPauseMs = 500;

export interface FetchSuspicionDeps {
  readonly handle: AddonHandle<InstanceType<typeof KafkaConsumer>, NativeConsumer>;
  readonly cluster: Cluster;
  /** Told of a partition that cannot be read. */
  readonly onFailure: (partition: FetchPartition, error: KafkaError) => void;
}

/** Notices that some partition may not be readable, and has those looked at one by one. */
export class FetchSuspicion {
  private isDiagnosing = false;
  private lookedAtMs = 0;
  private diagnosedAtMs = 0;
  /** The native client has reported an error of some partition. */
  private isRaised = false;
  /** That error was a missing right. */
  private isForbidden = false;

  constructor(private readonly deps: FetchSuspicionDeps) {}

  /** The native client has reported an error and did not say of which partition. */
  raise(isForbidden: boolean): void {
    this.isRaised = true;
    if (isForbidden) this.isForbidden = true;
  }

  /** The native client has reported a missing right, of what is not known. */
  noteRefusal(): void {
    this.isForbidden = true;
  }

  /** Looks at partitions that stand still, and at all of them after an error. To be called at each poll. */
  check(assigned: ReadonlyMap<string, FetchPartition>): void {
    const now = Date.now();
    if (this.isDiagnosing || now - this.lookedAtMs < lookEveryMs) return;
    // Nobody polled for a while: that the partitions stand still says nothing of them.
    if (now - this.lookedAtMs > stallMs / 2) for (const state of assigned.values()) state.progressAtMs = now;
    this.lookedAtMs = now;
    const isSuspicious = this.isRaised && now - this.diagnosedAtMs > diagnosisPauseMs;
    const suspects = [...assigned.values()].filter((state) => isSuspicious || state.isStalled(now, stallMs));
    if (suspects.length === 0) return;
    const isForbidden = this.isForbidden;
    if (isSuspicious) this.isRaised = this.isForbidden = false;
    this.isDiagnosing = true;
    void this.diagnose(suspects, isForbidden).finally(() => {
      this.isDiagnosing = false;
      this.diagnosedAtMs = Date.now();
    });
  }

  private async diagnose(suspects: readonly FetchPartition[], isForbidden: boolean): Promise<void> {
    const { handle, cluster, onFailure } = this.deps;
    for (const state of suspects) {
      if (!state.isNative || state.isDropped || state.hasFailed) continue;
      const failure = await diagnosePartition(handle, state, isForbidden, cluster);
      state.progressAtMs = Date.now();
      if (failure !== undefined) onFailure(state, failure);
    }
  }
}
