import { type RocksEntry, type RocksIterator } from 'rocksdb-native';

/**
 * What lies ready, at once: an await for each single entry costs more than the entry. Ends with the iterator, and throws
 * what it failed or was destroyed with.
 */
export async function* readInLots(iterator: RocksIterator): AsyncGenerator<RocksEntry[], void, undefined> {
  const state: { ended: boolean; failure: Error | undefined } = { ended: false, failure: undefined };
  let news = Promise.withResolvers<undefined>();
  const wake = (): void => {
    news.resolve(undefined);
  };
  iterator.on('readable', wake);
  iterator.on('error', (error) => {
    state.failure ??= error;
  });
  for (const event of ['end', 'close'] as const) {
    iterator.on(event, () => {
      state.ended = true;
      wake();
    });
  }
  for (;;) {
    news = Promise.withResolvers<undefined>();
    const lot: RocksEntry[] = [];
    for (let entry = iterator.read(); entry !== null; entry = iterator.read()) lot.push(entry);
    if (lot.length > 0) yield lot;
    else if (state.failure !== undefined) throw state.failure;
    else if (state.ended) return;
    else await news.promise;
  }
}
