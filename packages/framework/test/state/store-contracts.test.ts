import { keyValueContract } from './contracts/key-value-contract.js';
import { ENGINES, removeTemporaryDirectories } from './state-harness.js';

for (const engine of ENGINES) {
  describe(`key-value store on ${engine}`, () => {
    after(removeTemporaryDirectories);
    keyValueContract(engine);
  });
}
