import assert from 'node:assert/strict';
import { serdes } from '../../dist/serde/serdes.js';
import { Stores } from '../../dist/state/stores/stores.js';
import { ENGINES, removeTemporaryDirectories, StateHarness } from './state-harness.js';

for (const engine of ENGINES) {
  describe(`store iterators on ${engine}`, () => {
    afterEach(removeTemporaryDirectories);

    const open = () => {
      const test = new StateHarness(
        Stores.keyValueStore({ name: 'kv', engine, keySerde: serdes.string, valueSerde: serdes.string }),
      );
      for (let n = 0; n < 3000; n++) test.store.put(String(n).padStart(4, '0'), String(n));
      test.commit();
      test.state.flush();
      return test;
    };

    it('should close themselves at their end, on break and on an error', () => {
      const test = open();
      const { iterators } = test.state;
      assert.equal([...test.store.all()].length, 3000);
      for (const [key] of test.store.all()) if (key === '0005') break;
      assert.throws(() => {
        for (const entry of test.store.all()) throw new Error(String(entry));
      });
      const iterator = test.store.all();
      assert.equal(iterators.openCount, 1);
      iterator.close();
      iterator.close();
      assert.deepEqual(iterator.next(), { done: true, value: undefined });
      assert.equal(iterators.openCount, 0);
      test.close();
    });

    it('should be closed by their task at the end of the record, and say so', () => {
      const test = open();
      const iterator = test.store.all();
      iterator.next();
      test.state.endRecord();
      assert.equal(test.state.iterators.openCount, 0);
      assert.throws(() => iterator.next(), { code: 'ITERATOR_CLOSED' });
      iterator.close();
      test.close();
    });

    it('should stay valid when entries ahead are written, deleted, committed and flushed', () => {
      const test = open();
      const iterator = test.store.range('0010', '0999');
      assert.deepEqual(iterator.next().value, ['0010', '10']);
      test.store.delete('0011');
      test.store.put('0012', 'new');
      test.store.put('0012a', 'inserted');
      assert.deepEqual(iterator.next().value, ['0012', 'new']);
      test.store.delete('0013');
      test.commit();
      assert.deepEqual(iterator.next().value, ['0012a', 'inserted']);
      test.state.flush();
      assert.deepEqual(iterator.next().value, ['0014', '14']);
      test.store.put('0500', 'late');
      const rest = new Map(iterator);
      assert.equal(rest.size, 985);
      assert.equal(rest.get('0500'), 'late');
      test.close();
    });

    it('should let interactive reads go on across commits and flushes without seeing anything twice', () => {
      const test = open();
      const seen: string[] = [];
      let step = 0;
      for (const [key] of test.readOnly.reverseAll()) {
        seen.push(key);
        if (++step % 100 !== 0) continue;
        test.store.put(key, 'again');
        test.store.put(`${key}+`, 'behind');
        test.commit();
        if (step % 500 === 0) test.state.flush();
      }
      assert.equal(seen.length, 3000);
      assert.equal(new Set(seen).size, 3000);
      assert.equal(test.readOnly.approximateNumEntries(), 3030);
      test.close();
    });
  });
}
