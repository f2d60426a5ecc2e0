import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type RobotEvent } from '../robot-event.ts';
import { CommandExecutor } from './command-executor.ts';
import { type GivenCommand } from './command-gateway.ts';
import { CommandJournal } from './command-journal.ts';
import { characterOf, type RobotCharacter, robotCharacters } from './robot-character.ts';

/** A robot for which time passes at once, unless the work is held. */
function createRobot(character: RobotCharacter, held = false) {
  const said: string[] = [];
  const journal = new CommandJournal();
  const over = new AbortController();
  const executor = new CommandExecutor({
    ...{ robotId: 'r', character, journal, signal: over.signal, seed: 5, run: 'test' },
    offer: ({ body }: RobotEvent) => {
      const { commandId, status } = (JSON.parse(body) as { data: { commandId: string; status: string } }).data;
      said.push(`${commandId} ${status}`);
      return true;
    },
    sleep: (_ms, signal) => (held ? wait(60_000, undefined, { signal }).catch(() => undefined) : wait(0)),
  });
  const hand = async (...commands: (Partial<GivenCommand> & { readonly commandId: string })[]) => {
    executor.receive(commands.map((command) => ({ action: 'move', attempt: 1, ...command })));
    if (held) await wait(0);
    else await executor.idle();
    return said.splice(0);
  };
  return {
    hand,
    deed: (id: string) => journal.find('r', id),
    end: () => {
      over.abort();
    },
  };
}

describe('a robot that is', () => {
  it.each<{ character: RobotCharacter; says: string[]; executed: number }>([
    { character: 'honest', says: ['a ACKED', 'a RUNNING', 'a SUCCEEDED'], executed: 1 },
    { character: 'slow', says: ['a SUCCEEDED'], executed: 1 },
    { character: 'deaf', says: [], executed: 1 },
    { character: 'lying', says: ['a ACKED', 'a SUCCEEDED'], executed: 0 },
  ])('$character carries out a command so often: $executed', async ({ character, says, executed }) => {
    const { hand, deed } = createRobot(character);
    expect(await hand({ commandId: 'a' })).toEqual(says);
    expect(await hand({ commandId: 'a', attempt: 2 })).toEqual([]);
    expect(deed('a')).toMatchObject({ received: 2, executed });
    expect(await hand({ commandId: 'a', ask: true })).toEqual(character === 'deaf' ? [] : ['a SUCCEEDED']);
  });

  it('duplicating carries out whatever it is handed, says all of it twice and remembers nothing', async () => {
    const { hand, deed } = createRobot('duplicating');
    expect((await hand({ commandId: 'a' })).filter((text) => text === 'a SUCCEEDED')).toHaveLength(2);
    await hand({ commandId: 'a', attempt: 2 });
    expect(deed('a')).toMatchObject({ begun: 2, executed: 2 });
    expect(await hand({ commandId: 'a', ask: true })).toEqual(['a NOT_KNOWN', 'a NOT_KNOWN']);
  });
});

describe('a robot', () => {
  it('ends what is older than a stop, and begins none of it any more', async () => {
    const { hand, deed, end } = createRobot('honest', true);
    expect(await hand({ commandId: 'a' }, { commandId: 'b' })).toEqual(['a ACKED', 'a RUNNING']);
    const stop = { commandId: 's', stop: true, epoch: 1 };
    expect(await hand(stop)).toEqual(['a SUPERSEDED', 'b SUPERSEDED', 's SUCCEEDED']);
    expect(await hand({ commandId: 'late' })).toEqual(['late SUPERSEDED']);
    expect([deed('a'), deed('b'), deed('late')]).toMatchObject([{ begun: 1 }, { begun: 0 }, { begun: 0 }]);
    expect(await hand({ commandId: 'c', epoch: 1 })).toEqual(['c ACKED', 'c RUNNING']);
    end();
  });

  it('undoes what it works on, what waits, and what has not reached it yet', async () => {
    const { hand, deed, end } = createRobot('honest', true);
    await hand({ commandId: 'a' }, { commandId: 'b' });
    expect(await hand({ commandId: 'x', cancels: 'b' })).toEqual(['b CANCELLED', 'x SUCCEEDED']);
    expect(await hand({ commandId: 'y', cancels: 'later' })).toEqual(['y SUCCEEDED']);
    expect(await hand({ commandId: 'later' })).toEqual([]);
    expect(await hand({ commandId: 'z', cancels: 'a' })).toEqual(['a CANCELLED', 'z SUCCEEDED']);
    expect(await hand({ commandId: 'w', cancels: 'a' })).toEqual(['w SUCCEEDED']);
    expect([deed('a'), deed('later')]).toMatchObject([{ executed: 0 }, { begun: 0 }]);
    end();
  });

  it('refuses the attempt that it has said not to have begun, and no later one', async () => {
    const { hand, deed } = createRobot('honest');
    expect(await hand({ commandId: 'a', ask: true })).toEqual(['a NOT_EXECUTED']);
    expect(await hand({ commandId: 'a' })).toEqual([]);
    expect((await hand({ commandId: 'a', attempt: 2 })).at(-1)).toBe('a SUCCEEDED');
    expect(deed('a')).toMatchObject({ begun: 1 });
  });

  it('has one character, and a share of all has another', () => {
    const characters = Array.from({ length: 1000 }, (_, n) => characterOf(1, `r-${n}`, 0.5));
    expect(characters.filter((one) => one === 'honest').length).toBeGreaterThan(400);
    expect(new Set(characters)).toEqual(new Set(robotCharacters));
    expect(characterOf(1, 'r-1', 0)).toBe('honest');
  });
});
