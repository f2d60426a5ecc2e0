import { expect, it } from 'vitest';
import { parseDeviceTime } from './device-clock.ts';

const at = Date.UTC(2026, 4, 13, 11, 54, 49);

it.each([
  { text: '2026-05-13T11:54:49Z', ms: at },
  { text: '2026-05-13t11:54:49z', ms: at },
  { text: '2026-05-13T11:54:49.155743Z', ms: at + 155 },
  { text: '2026-05-13T11:54:49.1Z', ms: at + 100 },
  { text: '2026-05-13T13:54:49+02:00', ms: at },
  { text: '2026-05-13T06:24:49-05:30', ms: at },
  { text: '2026-05-13T11:54:60Z', ms: at + 11_000 },
  { text: '2026-05-13T11:54:49', ms: undefined },
  { text: '2026-05-13', ms: undefined },
  { text: 'Wed May 13 2026', ms: undefined },
  { text: '2026-13-13T11:54:49Z', ms: undefined },
  { text: '', ms: undefined },
])('"$text" is $ms', ({ text, ms }) => {
  expect(parseDeviceTime(text)).toBe(ms);
});
