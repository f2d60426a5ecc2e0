import { type IncomingMessage } from 'node:http';
import { type EventResult } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import { asksCommands, carryCommands } from './carry-commands.ts';

describe('a robot', () => {
  it.each([
    { prefer: undefined, asks: false },
    { prefer: 'commands', asks: true },
    { prefer: 'respond-async, commands', asks: true },
    { prefer: 'commands;wait=1', asks: true },
    { prefer: 'no-commands', asks: false },
    { prefer: 'commandsplease', asks: false },
  ])('that prefers $prefer asks for its commands: $asks', ({ prefer, asks }) => {
    expect(asksCommands({ ...(prefer !== undefined && { prefer }) })).toBe(asks);
  });
});

describe('an answer to a robot with commands due', () => {
  const accepted: EventResult = { id: 'a', result: 'accepted' };
  const duplicate: EventResult = { id: 'a', result: 'duplicate' };
  const retry: EventResult = { id: 'a', result: 'retry' };
  const due = ',"commandsDue":true';
  it.each([
    { name: 'carries them', results: [duplicate, accepted], given: ',"commands":[{}]', says: ',"commands":[{}]' },
    { name: 'says nothing when there are none after all', results: [accepted], given: '', says: '' },
    { name: 'says that some are due when they can not be had now', results: [accepted], given: undefined, says: due },
    {
      name: 'gives none to what may be a recorded request',
      results: [duplicate],
      given: ',"commands":[{}]',
      says: due,
    },
    { name: 'gives none when the log took nothing', results: [retry], given: ',"commands":[{}]', says: due },
    { name: 'gives none to who has hung up', results: [accepted], given: ',"commands":[{}]', gone: true, says: due },
  ])('$name', async ({ results, given, gone = false, says }) => {
    const request = { headers: { accept: 'x/y' }, socket: { destroyed: gone } } as unknown as IncomingMessage;
    const asked: unknown[] = [];
    const port = {
      fetch: (...said: unknown[]) => {
        asked.push(said);
        return Promise.resolve(given);
      },
    };
    expect(await carryCommands(port, request, 'r-1', results)).toBe(says);
    expect(asked).toEqual(says === due && given !== undefined ? [] : [['r-1', 'x/y']]);
  });

  it('says that some are due where no command service is configured', async () => {
    const request = { headers: {}, socket: { destroyed: false } } as unknown as IncomingMessage;
    expect(await carryCommands(undefined, request, 'r-1', [accepted])).toBe(due);
  });
});
