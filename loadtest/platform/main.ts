import { parseArgs } from 'node:util';
import { toMessage } from '@fleetstream/kernel';
import { createPlatformServer } from './platform-server.ts';
import { createRegistrySaver, loadRegistry } from './registry-file.ts';
import { RobotRegistry } from './robot-registry.ts';

const help = `A stand-in for the Robot Platform: who the robots are. On 127.0.0.1 only, unless a container gives its --host.

node loadtest/platform/main.ts [--host 127.0.0.1] [--port 18070] [--state FILE]

With PLATFORM_TOKEN in the environment, who reads robots has to show it: authorization: Bearer, or x-api-key.
`;

try {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { host: text, port: text, state: text, help: { type: 'boolean' } } });
  if (values.help === true) process.stdout.write(help);
  else await serve(values.host ?? '127.0.0.1', Number(values.port ?? '18070'), values.state);
} catch (thrown) {
  process.stderr.write(`platform: ${toMessage(thrown)}\n`);
  process.exitCode = 1;
}

async function serve(host: string, port: number, file: string | undefined): Promise<void> {
  const registry = new RobotRegistry();
  if (file !== undefined) await loadRegistry(registry, file);
  const save = file === undefined ? () => Promise.resolve() : createRegistrySaver(registry, file);
  const server = createPlatformServer({ registry, onChanged: save, token: process.env['PLATFORM_TOKEN'] });
  server.listen(port, host, () => {
    const address = server.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    process.stdout.write(`${JSON.stringify({ kind: 'listening', port: bound })}\n`);
  });
  server.on('error', (error) => {
    process.stderr.write(`platform: ${error.message}\n`);
    process.exitCode = 1;
  });
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
