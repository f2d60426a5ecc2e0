import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { pid } from 'node:process';
import { expect, it } from 'vitest';
import { checkMachine } from './check-machine.ts';

it('names a port that is taken, what it is for and who has it, and programs that are missing', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const problems = await checkMachine({
    ports: new Map([[port, 'Kafka']]),
    stateDir: tmpdir(),
    searchPath: '/nowhere',
    prometheus: false,
  });
  server.close();
  expect(problems[0]).toContain(`Port ${port} of 127.0.0.1, for Kafka, is taken by process ${pid} (`);
  expect(problems.at(-1)).toContain('Not installed: java, redis-server, openssl');
});
