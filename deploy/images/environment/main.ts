// npm run compose:env: .env for docker-compose.yml, deploy/drone/.env for Drone's. Values that are there stay.
import { fileURLToPath } from 'node:url';
import { composeVariables } from './compose-variables.ts';
import { droneVariables } from './drone-variables.ts';
import { writeEnvironment } from './write-environment.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
for (const [name, variables] of [
  ['.env', composeVariables],
  ['deploy/drone/.env', droneVariables],
] as const) {
  const made = writeEnvironment(`${root}${name}`, variables);
  process.stdout.write(made.length === 0 ? `${name}: all there\n` : `${name}: made ${made.join(', ')}\n`);
}
