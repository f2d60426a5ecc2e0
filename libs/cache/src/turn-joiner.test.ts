import { describe, expect, it } from 'vitest';
import { createTurnJoiner, type TurnJoiner } from './turn-joiner.ts';

function setUp(maxWeight = 100): { joiner: TurnJoiner<string, string, boolean>; calls: string[] } {
  const calls: string[] = [];
  const marked = new Set<string>();
  const joiner = createTurnJoiner<string, string, boolean>({
    maxWeight,
    weigh: ({ length }) => length,
    mark: (keys) => {
      calls.push(`mark ${keys.join()}`);
      for (const key of keys) marked.add(key);
      return Promise.resolve();
    },
    ask: (keys) => {
      calls.push(`ask ${keys.join()}`);
      return Promise.resolve(keys.map((key) => marked.has(key)));
    },
  });
  return { joiner, calls };
}

describe('createTurnJoiner', () => {
  it('makes one call of what is asked in one turn, and marks before it asks', async () => {
    const { joiner, calls } = setUp();
    const answers = [joiner.ask('a'), joiner.ask('c')];
    joiner.mark('c');
    expect(await Promise.all(answers)).toEqual([false, true]);
    expect(calls).toEqual(['mark c', 'ask a,c']);
  });

  it('makes a new call in a later turn', async () => {
    const { joiner, calls } = setUp();
    await joiner.ask('a');
    await joiner.ask('a');
    expect(calls).toEqual(['ask a', 'ask a']);
  });

  it('cuts by weight what is too much for one call; what is too heavy by itself goes alone', async () => {
    const { joiner, calls } = setUp(2);
    for (const key of ['a', 'b', 'c']) joiner.mark(key);
    const answers = ['a', 'heavy', 'c', 'x'].map((key) => joiner.ask(key));
    expect(await Promise.all(answers)).toEqual([true, false, true, false]);
    expect(calls).toEqual(['mark a,b', 'mark c', 'ask a', 'ask heavy', 'ask c,x']);
  });

  it('settles when nothing is left to be sent', async () => {
    const { joiner, calls } = setUp();
    joiner.mark('a');
    await joiner.settled();
    expect(calls).toEqual(['mark a']);
  });
});
