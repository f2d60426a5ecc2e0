import { expect, it } from 'vitest';
import { toLocalLayout } from '../local-layout.ts';
import { parseFlags } from '../parse-flags.ts';
import { toFleetArguments } from './play-fleet.ts';

const layout = toLocalLayout('/state', 100);

function toArguments(...argv: string[]): string {
  const parsed = parseFlags(argv);
  return parsed.kind === 'start' ? toFleetArguments(parsed.options, layout).join(' ') : '';
}

it.each([
  { name: 'the simulator, at its own rate', argv: [], has: '--source simulator', hasNot: '--rate' },
  { name: 'a rate', argv: ['--rate', '900'], has: '--rate 900', hasNot: '--once' },
  { name: 'the gateway of a shifted platform', argv: [], has: '--gateway https://127.0.0.1:18543', hasNot: '18443' },
  {
    name: 'one recorded session, once',
    argv: ['--recordings', 'a.log', '--speed', '10'],
    has: '--speed 10 --source agv-session --recordings a.log --journal /state/journal.ndjson --seed 1 --once',
    hasNot: '--rate',
  },
])('the fleet is told $name', ({ argv, has, hasNot }) => {
  const line = toArguments(...argv);
  expect(line).toContain(has);
  expect(line).not.toContain(hasNot);
});
