import { type CommandStatus, commandStatuses, isTerminal } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import { statusOfAction } from './command-answers.ts';
import { type CommandAnswer, CommandQueue, type Commands } from './command-queue.ts';
import { type CommandCounters, noCommandCounts } from './command-counters.ts';

const limits = { commandsOpenMax: 3, commandsInFlightMax: 2, commandsFinishedMax: 2 };
const start = 1_000_000;

/** What happens to the command `c`, and what becomes of it; a letter per status. */
const inputs: Readonly<Record<string, (queue: CommandQueue) => unknown>> = {
  'requested again': (queue) => {
    queue.request({ commandId: 'c', action: 'move' });
  },
  'delivery SENT': (queue) => {
    queue.deliver({ commandId: 'c', attempt: 2, outcome: 'SENT', channel: 'push' });
  },
  'delivery DELIVERED': (queue) => {
    queue.deliver({ commandId: 'c', attempt: 2, outcome: 'DELIVERED', channel: 'pull' });
  },
  'delivery UNDELIVERABLE': (queue) => {
    queue.deliver({ commandId: 'c', attempt: 2, outcome: 'UNDELIVERABLE', channel: 'push' });
  },
  'answer ACKED': (queue) => {
    queue.answer(answer('ACKED'));
  },
  'answer RUNNING': (queue) => {
    queue.answer(answer('RUNNING'));
  },
  'answer SUCCEEDED': (queue) => {
    queue.answer(answer('SUCCEEDED'));
  },
  'answer FAILED': (queue) => {
    queue.answer(answer('FAILED'));
  },
  'answer REJECTED': (queue) => {
    queue.answer(answer('REJECTED'));
  },
  'late ACKED': (queue) => {
    queue.answer({ ...answer('ACKED'), late: true });
  },
  'late SUCCEEDED': (queue) => {
    queue.answer({ ...answer('SUCCEEDED'), late: true });
  },
  'a place in flight': () => undefined,
  'time is up': (queue) => {
    queue.expire();
  },
};

function answer(status: CommandStatus): CommandAnswer {
  return { commandId: 'c', status, late: false, reason: undefined, result: undefined };
}

/**
 * Every status against every input, written down by hand. A cell is the status that follows: the letter of its column
 * when nothing moves; `!` behind it when a contradiction is counted, `+` a repeated request, `?` an unknown command,
 * `u` a delivery that came to nothing. `.` is a command that nobody knows.
 */
const columns = {
  '.': undefined,
  A: 'ACCEPTED',
  Q: 'QUEUED',
  S: 'SENT',
  D: 'DELIVERED',
  K: 'ACKED',
  R: 'RUNNING',
  W: 'SUCCEEDED',
  F: 'FAILED',
  J: 'REJECTED',
  X: 'EXPIRED',
} as const satisfies Record<string, CommandStatus | undefined>;

const table = `
                        |  . |  A |  Q |  S |  D |  K |  R |  W |  F |  J |  X |
 requested again        |  Q |  Q+|  Q+|  S+|  D+|  K+|  R+|  W+|  F+|  J+|  X+|
 delivery SENT          |  .?|  S |  S |  S |  D |  K |  R |  W |  F |  J |  X |
 delivery DELIVERED     |  .?|  D |  D |  D |  D |  K |  R |  W |  F |  J |  X |
 delivery UNDELIVERABLE |  .?|  Qu|  Qu|  Su|  Du|  Ku|  Ru|  Wu|  Fu|  Ju|  Xu|
 answer ACKED           |  .?|  K |  K |  K |  K |  K |  R!|  W!|  F!|  J!|  X!|
 answer RUNNING         |  .?|  R |  R |  R |  R |  R |  R |  W!|  F!|  J!|  X!|
 answer SUCCEEDED       |  .?|  W |  W |  W |  W |  W |  W |  W |  F!|  J!|  X!|
 answer FAILED          |  .?|  F |  F |  F |  F |  F |  F |  W!|  F |  J!|  X!|
 answer REJECTED        |  .?|  J |  J |  J |  J |  J |  J |  W!|  F!|  J |  X!|
 late ACKED             |  .?|  K |  K |  K |  K |  K |  R |  W |  F |  J |  X |
 late SUCCEEDED         |  .?|  W |  W |  W |  W |  W |  W |  W |  F |  J |  X |
 a place in flight      |  . |  Q |  Q |  S |  D |  K |  R |  W |  F |  J |  X |
 time is up             |  . |  X |  X |  X |  X |  X |  X |  W |  F |  J |  X |
`;

const marks: Readonly<Record<string, keyof CommandCounters>> = {
  '!': 'contradictions',
  '+': 'repeated',
  '?': 'unknown',
  u: 'undeliverable',
};

/** A robot whose only command has this status. */
function commandsWith(status: CommandStatus | undefined): Commands | undefined {
  if (status === undefined) return undefined;
  const command = { id: 'c', action: 'move', requestedAtMs: start, expiresAtMs: start + 1_000, status, atMs: start };
  return isTerminal(status)
    ? { open: [], finished: [{ id: 'c', status, atMs: start }], counters: noCommandCounts }
    : { open: [command], finished: [], counters: noCommandCounts };
}

function statusOf(commands: Commands | undefined): CommandStatus | undefined {
  return [...(commands?.open ?? []), ...(commands?.finished ?? [])].find(({ id }) => id === 'c')?.status;
}

const [header = '', ...rows] = table.trim().split('\n');
const letters = header
  .split('|')
  .map((cell) => cell.trim())
  .filter((cell) => cell !== '') as (keyof typeof columns)[];
const cells = rows.flatMap((row) => {
  const [input = '', ...results] = row.split('|').map((cell) => cell.trim());
  return letters.map((from, at) => ({ input, from: columns[from], expected: results[at] ?? '' }));
});

describe('every status and every input', () => {
  it('stand in the table', () => {
    expect(Object.values(columns).slice(1)).toEqual([...commandStatuses]);
    expect(cells.length).toBe((commandStatuses.length + 1) * Object.keys(inputs).length);
    expect(new Set(cells.map(({ input }) => input))).toEqual(new Set(Object.keys(inputs)));
  });

  it.each(cells)('$from, $input: $expected', ({ input, from, expected }) => {
    const before = commandsWith(from);
    const text = JSON.stringify(before);
    const queue = new CommandQueue(before, start + 1_000, limits);
    inputs[input]?.(queue);
    const after = queue.finish();
    const to = columns[expected[0] as keyof typeof columns];
    expect(statusOf(after)).toBe(to);
    const isNew = input === 'requested again' && from === undefined;
    const counted = marks[expected.slice(1)];
    expect(after?.counters ?? noCommandCounts).toEqual({
      ...noCommandCounts,
      ...(counted === undefined ? isNew && { requested: 1 } : { [counted]: 1 }),
    });
    // One transition is told for each move: a new command makes two of them.
    expect(queue.moves.map(({ previousStatus, command }) => [previousStatus, command.status])).toEqual(
      isNew
        ? [
            [undefined, 'ACCEPTED'],
            ['ACCEPTED', 'QUEUED'],
          ]
        : from === to
          ? []
          : [[from, to]],
    );
    expect(JSON.stringify(before)).toBe(text);
  });
});

it('what happens to nobody leaves the commands as they are, by reference', () => {
  const before = commandsWith('RUNNING');
  const queue = new CommandQueue(before, start, limits);
  queue.expire();
  expect(queue.finish()).toBe(before);
  expect(new CommandQueue(undefined, start, limits).finish()).toBeUndefined();
});

it('an action says of a command what it is doing', () => {
  expect(statusOfAction).toEqual({
    WAITING: 'ACKED',
    INITIALIZING: 'RUNNING',
    RUNNING: 'RUNNING',
    PAUSED: 'RUNNING',
    RETRIABLE: 'RUNNING',
    FINISHED: 'SUCCEEDED',
    FAILED: 'FAILED',
  });
});

describe('the queue', () => {
  const request = (queue: CommandQueue, ...ids: string[]): void => {
    for (const commandId of ids) queue.request({ commandId, action: 'move' });
  };
  const told = ({ moves }: CommandQueue): string[] =>
    moves.map(({ command: { id, status }, reason }) => [id, status, reason].filter(Boolean).join(' '));
  const filled = (...ids: string[]): Commands | undefined => {
    const queue = new CommandQueue(undefined, start, limits);
    request(queue, ...ids);
    return queue.finish();
  };

  it('brings commands into flight in the order of their requests, as far as there are places', () => {
    const queue = new CommandQueue(filled('a', 'b', 'c'), start, limits);
    expect(queue.finish()?.open.map(({ status }) => status)).toEqual(['QUEUED', 'QUEUED', 'ACCEPTED']);
    queue.answer({ ...answer('SUCCEEDED'), commandId: 'b' });
    expect(queue.finish()?.open.map(({ id, status }) => `${id} ${status}`)).toEqual(['a QUEUED', 'c QUEUED']);
    expect(told(queue)).toEqual(['b SUCCEEDED', 'c QUEUED']);
  });

  it('lets a robot begin out of turn, and brings nothing into flight for it', () => {
    const queue = new CommandQueue(filled('a', 'b', 'c'), start, limits);
    queue.answer(answer('RUNNING'));
    queue.answer({ ...answer('FAILED'), commandId: 'a' });
    request(queue, 'd');
    queue.finish();
    expect(told(queue)).toEqual(['c RUNNING', 'a FAILED', 'd ACCEPTED']);
  });

  it('is full at its limit, and remembers what it rejected', () => {
    const queue = new CommandQueue(filled('a', 'b', 'c'), start, limits);
    request(queue, 'd', 'd');
    expect(told(queue)).toEqual(['d REJECTED queue-full']);
    expect(queue.finish()).toMatchObject({
      finished: [{ id: 'd', status: 'REJECTED' }],
      counters: { requested: 4, repeated: 1 },
    });
  });

  it('remembers the latest that ended, up to its limit', () => {
    const queue = new CommandQueue(filled('a', 'b', 'c'), start, limits);
    for (const commandId of ['c', 'a', 'b']) queue.answer({ ...answer('SUCCEEDED'), commandId });
    expect(queue.finish()?.finished.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('ends all that is due before it brings anything into flight', () => {
    const queue = new CommandQueue(filled('a', 'b', 'c'), start + 300_000, limits);
    queue.expire();
    queue.finish();
    expect(told(queue)).toEqual(['a EXPIRED', 'b EXPIRED', 'c EXPIRED']);
  });

  it('keeps the highest attempt that it was told of, without a transition', () => {
    const queue = new CommandQueue(filled('a'), start, limits);
    for (const attempt of [1, 3, 2]) queue.deliver({ commandId: 'a', attempt, outcome: 'SENT', channel: 'push' });
    expect(queue.finish()?.open).toMatchObject([{ status: 'SENT', attempt: 3 }]);
    expect(queue.moves.at(-1)?.command.attempt).toBe(1);
    expect(told(queue)).toEqual(['a SENT']);
  });
});
