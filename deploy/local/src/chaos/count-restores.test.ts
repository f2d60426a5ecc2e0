import { expect, it } from 'vitest';
import { countRestores } from './count-restores.ts';

it('counts from what partitions were opened, and nothing else', () => {
  const opened = (openedFrom: string) => JSON.stringify({ level: 'info', openedFrom, msg: 'partition opened' });
  const first = [opened('log'), opened('log'), '{"msg":"started"}', '{"msg":"partition opened","openedF'].join('\n');
  const second = [opened('local'), opened('checkpoint'), opened('elsewhere'), ''].join('\n');
  expect(countRestores([first, second])).toEqual({ local: 1, checkpoint: 1, log: 2 });
});
