import { expect, it } from 'vitest';
import { type Presence, presenceDueAt, type PresenceInput, stepPresence, unknownPresence } from './presence.ts';

const online = (sinceMs: number, lastSeenMs: number): Presence => ({ status: 'online', sinceMs, lastSeenMs });
const offline = (sinceMs: number, lastSeenMs: number | undefined): Presence => ({
  status: 'offline',
  sinceMs,
  lastSeenMs,
});
const heard = (nowMs: number): PresenceInput => ({ kind: 'heard', nowMs });
const gone = (nowMs: number): PresenceInput => ({ kind: 'gone', nowMs });
const timer = (nowMs: number): PresenceInput => ({ kind: 'timer', nowMs });

it.each([
  { name: 'the first sign of life is online', given: unknownPresence, when: heard(5), next: online(5, 5) },
  { name: 'a further one keeps the start', given: online(5, 5), when: heard(9), next: online(5, 9) },
  { name: 'a robot that is back starts anew', given: offline(40, 9), when: heard(50), next: online(50, 50) },
  { name: 'just before the limit nothing happens', given: online(5, 9), when: timer(18), next: online(5, 9) },
  { name: 'exactly at the limit is offline', given: online(5, 9), when: timer(19), next: offline(19, 9) },
  { name: 'a timer leaves an offline robot alone', given: offline(19, 9), when: timer(99), next: offline(19, 9) },
  { name: 'a timer leaves an unknown robot alone', given: unknownPresence, when: timer(99), next: unknownPresence },
  { name: 'a farewell is offline at once', given: online(5, 9), when: gone(10), next: offline(10, 9) },
  { name: 'a farewell may be the first word', given: unknownPresence, when: gone(10), next: offline(10, undefined) },
  { name: 'a second farewell changes nothing', given: offline(10, 9), when: gone(12), next: offline(10, 9) },
])('$name', ({ given, when, next }) => {
  expect(stepPresence(given, when, 10)).toEqual(next);
});

it.each([
  { name: 'an online robot is due after the last sign of life', given: online(5, 9), due: 19 },
  { name: 'an offline robot is never due', given: offline(19, 9), due: undefined },
  { name: 'an unknown robot is never due', given: unknownPresence, due: undefined },
])('$name', ({ given, due }) => {
  expect(presenceDueAt(given, 10)).toBe(due);
});
