import type { StateStore } from '../../dist/state/stores/state-store.js';
import { keyValueKind, timestampedKeyValueKind } from './contracts/key-value-contract.js';
import { sessionKind } from './contracts/session-contract.js';
import { storeContract } from './contracts/store-contract.js';
import type { StoreKindUnderTest } from './contracts/store-kind.js';
import { versionedKind } from './contracts/versioned-contract.js';
import { timestampedWindowKind, windowKind } from './contracts/window-contract.js';
import { ENGINES, removeTemporaryDirectories } from './state-harness.js';

/** Runs both parts of a kind's contract: what all stores promise, and what only this kind does. */
function runContract<R extends StateStore, S extends R>(kind: StoreKindUnderTest<R, S>): void {
  for (const engine of ENGINES) {
    for (const caching of kind.isCaching ? [false, true] : [false]) {
      describe(`${kind.title} store on ${engine}${caching ? ' with caching' : ''}`, () => {
        after(removeTemporaryDirectories);
        storeContract(kind, { engine, caching });
        kind.contract({ engine, caching });
      });
    }
  }
}

runContract(keyValueKind);
runContract(timestampedKeyValueKind);
runContract(windowKind);
runContract(timestampedWindowKind);
runContract(sessionKind);
runContract(versionedKind);
