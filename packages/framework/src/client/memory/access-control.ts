import { KafkaError } from '../../errors/errors.js';

/** What a denial is about. */
export type AccessResource = 'topic' | 'group' | 'transactionalId' | 'cluster';
export type AccessOperation = 'describe' | 'read' | 'write' | 'create' | 'alter' | 'delete' | 'describeConfigs';

/** Forbids something. What is left out stands for all. */
export interface Denial {
  readonly resource: AccessResource;
  readonly name?: string | RegExp;
  readonly operations?: readonly AccessOperation[];
  /** Only for this process. */
  readonly identity?: string;
}

/** Everything is allowed but what is denied. */
export class AccessControl {
  readonly #denials = new Set<Denial>();

  /** Returns a function that lifts the denial. */
  deny(denial: Denial): () => void {
    this.#denials.add(denial);
    return () => this.#denials.delete(denial);
  }

  allows(identity: string, operation: AccessOperation, resource: AccessResource, name: string): boolean {
    if (this.#denials.size === 0) return true;
    return ![...this.#denials].some(
      (denial) =>
        denial.resource === resource &&
        (denial.identity ?? identity) === identity &&
        (denial.operations?.includes(operation) ?? true) &&
        (denial.name === undefined || (denial.name instanceof RegExp ? denial.name.test(name) : denial.name === name)),
    );
  }

  /** @throws KafkaError AUTHORIZATION_FAILED */
  check(identity: string, operation: AccessOperation, resource: AccessResource, name: string): void {
    if (this.allows(identity, operation, resource, name)) return;
    const kafkaCode = {
      topic: 'TOPIC_AUTHORIZATION_FAILED',
      group: 'GROUP_AUTHORIZATION_FAILED',
      transactionalId: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
      cluster: 'CLUSTER_AUTHORIZATION_FAILED',
    }[resource];
    throw new KafkaError(
      'AUTHORIZATION_FAILED',
      `No permission to ${operation} ${resource} '${name}': grant it to the service's user`,
      { kafkaCode, isFatal: resource === 'transactionalId', ...(resource === 'topic' ? { topic: name } : {}) },
    );
  }
}
