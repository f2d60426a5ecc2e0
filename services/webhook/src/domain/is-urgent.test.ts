import { expect, it } from 'vitest';
import { isUrgent } from './is-urgent.ts';

it.each([
  { name: 'a small body is', headers: { 'content-length': '4096' }, urgent: true },
  { name: 'a large one is not', headers: { 'content-length': '4097' }, urgent: false },
  { name: 'one of unknown length is not', headers: {}, urgent: false },
  { name: 'a large one that says so is', headers: { 'content-length': '9999', priority: 'u=1, i' }, urgent: true },
  { name: 'ordinary urgency is not', headers: { 'content-length': '9999', priority: 'u=3' }, urgent: false },
  { name: 'u=12 is no urgency', headers: { 'content-length': '9999', priority: 'u=12' }, urgent: false },
])('$name', ({ headers, urgent }) => {
  expect(isUrgent(headers)).toBe(urgent);
});
