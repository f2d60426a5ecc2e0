import { describe, expect, it } from 'vitest';
import { createTurnJoiner, type TurnJoiner } from './turn-joiner.ts';

function setUp(maxKeys = 100): { joiner: TurnJoiner; calls: string[] } {
  const calls: string[] = [];
  const marked = new Set<string>();
  const joiner = createTurnJoiner({
    maxKeys,
    mark: (keys) => {
      calls.push(`mark ${keys.join()}`);
      for (const key of keys) marked.add(key);
      return Promise.resolve();
    },
    find: (keys) => {
      calls.push(`find ${keys.join()}`);
      return Promise.resolve(new Set(keys.filter((key) => marked.has(key))));
    },
  });
  return { joiner, calls };
}

describe('createTurnJoiner', () => {
  it('makes one call of what is asked in one turn, and marks before it looks', async () => {
    const { joiner, calls } = setUp();
    const answers = [joiner.find(['a']), joiner.find(['b', 'c'])];
    joiner.mark(['c']);
    const [first, second] = await Promise.all(answers);
    expect(calls).toEqual(['mark c', 'find a,b,c']);
    expect([first?.has('a'), second?.has('b'), second?.has('c')]).toEqual([false, false, true]);
  });

  it('makes a new call in a later turn', async () => {
    const { joiner, calls } = setUp();
    await joiner.find(['a']);
    await joiner.find(['a']);
    expect(calls).toEqual(['find a', 'find a']);
  });

  it('cuts what is too much for one call and joins the answers', async () => {
    const { joiner, calls } = setUp(2);
    joiner.mark(['a', 'b', 'c']);
    const seen = await joiner.find(['a', 'x', 'c']);
    expect(calls).toEqual(['mark a,b', 'mark c', 'find a,x', 'find c']);
    expect([...seen].sort()).toEqual(['a', 'c']);
  });

  it('settles when nothing is left to be sent', async () => {
    const { joiner, calls } = setUp();
    joiner.mark(['a']);
    await joiner.settled();
    expect(calls).toEqual(['mark a']);
  });
});
