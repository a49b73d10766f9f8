import type { GroupDescription } from '../../port.js';

/** What a coordinator answers about one group. */
export interface DescribedGroup {
  readonly throttleTimeMs: number;
  /** Kafka's error number, 0 for none. */
  readonly errorCode: number;
  /** The broker's own words about the error; may be empty. */
  readonly detail: string;
  readonly group: GroupDescription;
}

/** States of both protocols by the broker's names; what is missing counts as `dead`. */
const STATES: Readonly<Record<string, GroupDescription['state']>> = {
  Empty: 'empty',
  Stable: 'stable',
  PreparingRebalance: 'rebalancing',
  CompletingRebalance: 'rebalancing',
  Assigning: 'rebalancing',
  Reconciling: 'rebalancing',
};

/** The port's name of a group's state. */
export function stateOf(name: string): GroupDescription['state'] {
  return STATES[name] ?? 'dead';
}
