import { type CommandStatus, commandStatuses } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import { answer, commandsWith, limits, robot, start } from '../test/queued-commands.ts';
import { type CommandCounters, noCommandCounts } from './command-counters.ts';
import { type Commands } from './command-ledger.ts';
import { CommandQueue } from './command-queue.ts';

interface Input {
  readonly afterMs?: number;
  readonly happen?: (queue: CommandQueue) => void;
}

/** What happens to the command `c`, given for the second time at the latest. */
const inputs: Readonly<Record<string, Input>> = {
  'requested again': {
    happen: (queue) => {
      queue.request({ commandId: 'c', action: 'move' });
    },
  },
  'a stop': {
    happen: (queue) => {
      queue.request({ commandId: 's', action: 'stop', stop: true });
    },
  },
  'a cancel': {
    happen: (queue) => {
      queue.cancel({ commandId: 'c', cancelId: 'x' });
    },
  },
  'delivery SENT': {
    happen: (queue) => {
      queue.deliver({ ...delivery, outcome: 'SENT' });
    },
  },
  'delivery DELIVERED': {
    happen: (queue) => {
      queue.deliver({ ...delivery, outcome: 'DELIVERED' });
    },
  },
  'delivery UNDELIVERABLE': {
    happen: (queue) => {
      queue.deliver({ ...delivery, outcome: 'UNDELIVERABLE' });
    },
  },
  'delivery NOT_SENT': {
    happen: (queue) => {
      queue.deliver({ ...delivery, attempt: 1, outcome: 'NOT_SENT' });
    },
  },
  'answer ACKED': {
    happen: (queue) => {
      queue.answer(answer('ACKED'));
    },
  },
  'answer RUNNING': {
    happen: (queue) => {
      queue.answer(answer('RUNNING'));
    },
  },
  'answer PAUSED': {
    happen: (queue) => {
      queue.answer(answer('PAUSED'));
    },
  },
  'answer SUCCEEDED': {
    happen: (queue) => {
      queue.answer(answer('SUCCEEDED'));
    },
  },
  'answer FAILED': {
    happen: (queue) => {
      queue.answer(answer('FAILED'));
    },
  },
  'answer REJECTED': {
    happen: (queue) => {
      queue.answer(answer('REJECTED'));
    },
  },
  'answer CANCELLED': {
    happen: (queue) => {
      queue.answer(answer('CANCELLED'));
    },
  },
  'answer SUPERSEDED': {
    happen: (queue) => {
      queue.answer(answer('SUPERSEDED'));
    },
  },
  'answer NOT_EXECUTED': {
    happen: (queue) => {
      queue.answer(answer('NOT_EXECUTED'));
    },
  },
  'answer NOT_KNOWN': {
    happen: (queue) => {
      queue.answer(answer('NOT_KNOWN'));
    },
  },
  'late ACKED': {
    happen: (queue) => {
      queue.answer({ ...answer('ACKED'), late: true });
    },
  },
  'late SUCCEEDED': {
    happen: (queue) => {
      queue.answer({ ...answer('SUCCEEDED'), late: true });
    },
  },
  'failed before it began': {
    happen: (queue) => {
      queue.answer({ ...answer('FAILED'), failure: 'not-started' });
    },
  },
  'a place in flight': {},
  'no answer': {
    afterMs: 20_000,
    happen: (queue) => {
      queue.expire();
    },
  },
  'time is up': {
    afterMs: 60_000,
    happen: (queue) => {
      queue.expire();
    },
  },
  'ACKED too late': {
    afterMs: 60_000,
    happen: (queue) => {
      queue.answer(answer('ACKED'));
    },
  },
  'NOT_EXECUTED too late': {
    afterMs: 60_000,
    happen: (queue) => {
      queue.answer(answer('NOT_EXECUTED'));
    },
  },
  'nothing came of it': {
    afterMs: 600_000,
    happen: (queue) => {
      queue.expire();
    },
  },
};

const delivery = { commandId: 'c', attempt: 2, channel: 'push' } as const;

/**
 * Every status against every input, written down by hand. A cell is the status that follows: the letter of its column
 * when nothing moves; `!` behind it when a contradiction is counted, `+` a repeated request, `?` an unknown command,
 * `u` a delivery that came to nothing, `~` word that is stale. `.` is a command that nobody knows.
 */
const columns = {
  '.': undefined,
  A: 'ACCEPTED',
  Q: 'QUEUED',
  S: 'SENT',
  D: 'DELIVERED',
  K: 'ACKED',
  R: 'RUNNING',
  P: 'PAUSED',
  U: 'UNKNOWN',
  W: 'SUCCEEDED',
  F: 'FAILED',
  J: 'REJECTED',
  X: 'EXPIRED',
  C: 'CANCELLED',
  V: 'SUPERSEDED',
} as const satisfies Record<string, CommandStatus | undefined>;

const table = `
                        |  . |  A |  Q |  S |  D |  K |  R |  P |  U |  W |  F |  J |  X |  C |  V |
 requested again        |  Q |  Q+|  Q+|  S+|  D+|  K+|  R+|  P+|  U+|  W+|  F+|  J+|  X+|  C+|  V+|
 a stop                 |  . |  V |  V |  S |  D |  K |  R |  P |  U |  W |  F |  J |  X |  C |  V |
 a cancel               |  . |  C |  C |  S |  D |  K |  R |  P |  U |  W |  F |  J |  X |  C |  V |
 delivery SENT          |  .?|  S |  S |  S |  D |  K |  R |  P |  U |  W |  F |  J |  X |  C |  V |
 delivery DELIVERED     |  .?|  D |  D |  D |  D |  K |  R |  P |  U |  W |  F |  J |  X |  C |  V |
 delivery UNDELIVERABLE |  .?|  Qu|  Qu|  Su|  Du|  Ku|  Ru|  Pu|  Uu|  Wu|  Fu|  Ju|  Xu|  Cu|  Vu|
 delivery NOT_SENT      |  .?|  Q |  Q |  Q |  D |  K |  R |  P |  U |  W |  F |  J |  X |  C |  V |
 answer ACKED           |  .?|  K |  K |  K |  K |  K |  R!|  P!|  K |  W!|  F!|  J!|  X!|  C!|  V!|
 answer RUNNING         |  .?|  R |  R |  R |  R |  R |  R |  R |  R |  W!|  F!|  J!|  X!|  C!|  V!|
 answer PAUSED          |  .?|  P |  P |  P |  P |  P |  P |  P |  P |  W!|  F!|  J!|  X!|  C!|  V!|
 answer SUCCEEDED       |  .?|  W |  W |  W |  W |  W |  W |  W |  W |  W |  F!|  J!|  X!|  C!|  V!|
 answer FAILED          |  .?|  F |  F |  F |  F |  F |  F |  F |  F |  W!|  F |  J!|  X!|  C!|  V!|
 answer REJECTED        |  .?|  J |  J |  J |  J |  J |  J |  J |  J |  W!|  F!|  J |  X!|  C!|  V!|
 answer CANCELLED       |  .?|  C |  C |  C |  C |  C |  C |  C |  C |  W!|  F!|  J!|  X!|  C |  V!|
 answer SUPERSEDED      |  .?|  V |  V |  V |  V |  V |  V |  V |  V |  W!|  F!|  J!|  X!|  C!|  V |
 answer NOT_EXECUTED    |  .?|  Q~|  Q~|  S~|  D~|  K~|  R~|  P~|  Q |  W~|  F~|  J~|  X~|  C~|  V~|
 answer NOT_KNOWN       |  .?|  Q~|  Q~|  S~|  D~|  K~|  R~|  P~|  U |  W~|  F~|  J~|  X~|  C~|  V~|
 late ACKED             |  .?|  K |  K |  K |  K |  K |  R |  P |  K |  W |  F |  J |  X |  C |  V |
 late SUCCEEDED         |  .?|  W |  W |  W |  W |  W |  W |  W |  W |  W |  F |  J |  X |  C |  V |
 failed before it began |  .?|  A |  A |  A |  A |  A |  A |  A |  A |  W!|  F |  J!|  X!|  C!|  V!|
 a place in flight      |  . |  Q |  Q |  S |  D |  K |  R |  P |  U |  W |  F |  J |  X |  C |  V |
 no answer              |  . |  Q |  Q |  U |  U |  K |  R |  P |  U |  W |  F |  J |  X |  C |  V |
 time is up             |  . |  X |  X |  U |  U |  U |  U |  U |  U |  W |  F |  J |  X |  C |  V |
 ACKED too late         |  .?|  K |  K |  K |  K |  K |  R!|  P!|  U~|  W!|  F!|  J!|  X!|  C!|  V!|
 NOT_EXECUTED too late  |  .?|  Q~|  Q~|  S~|  D~|  K~|  R~|  P~|  X |  W~|  F~|  J~|  X~|  C~|  V~|
 nothing came of it     |  . |  X |  X |  U |  U |  U |  U |  U |  U |  W |  F |  J |  X |  C |  V |
`;

const marks: Readonly<Record<string, keyof CommandCounters>> = {
  '!': 'contradictions',
  '+': 'repeated',
  '?': 'unknown',
  u: 'undeliverable',
  '~': 'stale',
};

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
/** These make commands of their own, which are counted. */
const makesCommands = new Set(['a stop', 'a cancel']);

describe('every status and every input', () => {
  it('stand in the table', () => {
    expect(Object.values(columns).slice(1)).toEqual([...commandStatuses]);
    expect(cells.length).toBe((commandStatuses.length + 1) * Object.keys(inputs).length);
    expect(new Set(cells.map(({ input }) => input))).toEqual(new Set(Object.keys(inputs)));
  });

  it.each(cells)('$from, $input: $expected', ({ input, from, expected }) => {
    const before = commandsWith(from);
    const text = JSON.stringify(before);
    const queue = new CommandQueue(before, start + (inputs[input]?.afterMs ?? 1_000), limits, robot);
    inputs[input]?.happen?.(queue);
    const after = queue.finish();
    const to = columns[expected[0] as keyof typeof columns];
    expect(statusOf(after)).toBe(to);
    const counted = marks[expected.slice(1)];
    const isNew = makesCommands.has(input) || (input === 'requested again' && from === undefined);
    expect(after?.counters ?? noCommandCounts).toEqual({
      ...noCommandCounts,
      ...(isNew && { requested: 1 }),
      ...(counted !== undefined && { [counted]: 1 }),
    });
    // Told are all the statuses on the way, each beginning where the one before it ended.
    const told = queue.moves.filter(({ command }) => command.id === 'c');
    let status = from;
    for (const { previousStatus, command } of told) {
      expect(previousStatus).toBe(status);
      ({ status } = command);
    }
    expect(status).toBe(to);
    expect(JSON.stringify(before)).toBe(text);
  });
});
