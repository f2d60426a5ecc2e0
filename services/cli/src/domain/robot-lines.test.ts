import { describe, expect, it } from 'vitest';
import { toRobotLines } from './robot-lines.ts';

describe('a robot in lines', () => {
  it.each([
    {
      name: 'has one for each thing that is known',
      robot: {
        ...{ robotId: 'amr-7', name: 'Ant', site: 'hall', platform: { listed: true } },
        live: {
          ...{ available: true, stale: false, ageMs: 0, presence: { status: 'online' }, mode: 'AUTOMATIC' },
          ...{ battery: { percent: 51.6 }, clockOffsetMs: -46_000, errors: [{ type: 'lost', level: 'FATAL' }] },
        },
      },
      lines: [
        ...['robot   amr-7', 'name    Ant', 'site    hall', 'status  online', 'mode    AUTOMATIC', 'battery 52 %'],
        ...['clock   46 s ahead', 'errors  lost (FATAL)'],
      ],
    },
    {
      name: 'says how old a state is that nobody can ask for now',
      robot: { robotId: 'amr-7', live: { stale: true, ageMs: 12_400, presence: { status: 'online' }, errors: [] } },
      lines: ['robot   amr-7', 'status  online', 'state   the processor is away; as of 12 s ago'],
    },
    {
      name: 'says that nothing is known',
      robot: { robotId: 'amr-7', live: { available: false, stale: true } },
      lines: ['robot   amr-7', 'state   not known now'],
    },
  ])('$name', ({ robot, lines }) => {
    expect(toRobotLines(robot)).toEqual(lines);
  });
});
