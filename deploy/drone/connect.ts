// npm run drone:connect: makes Drone known to Gitea, and writes what Gitea answers into deploy/drone/.env.
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { existsSync, readFileSync } from 'node:fs';
import { toMessage } from '@fleetstream/kernel';
import { writeEnvironment } from '../images/environment/write-environment.ts';
import { createOAuthClient } from './connect-gitea.ts';

const file = fileURLToPath(new URL('.env', import.meta.url));
try {
  const {
    GITEA_ADMIN: user,
    GITEA_ADMIN_PASSWORD: password,
    ...known
  } = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  if (user === undefined || password === undefined)
    throw new Error('there is no deploy/drone/.env: npm run compose:env');
  if (known['DRONE_GITEA_CLIENT_ID']) process.stdout.write('Gitea knows Drone already.\n');
  else {
    const client = await createOAuthClient({
      giteaUrl: 'http://127.0.0.1:3000',
      user,
      password,
      redirectUrl: 'http://ci.fleetstream.test:3080/login',
    });
    writeEnvironment(file, [
      { name: 'DRONE_GITEA_CLIENT_ID', comment: 'Gitea gave it.', make: () => client.id },
      { name: 'DRONE_GITEA_CLIENT_SECRET', comment: 'Gitea gave it.', make: () => client.secret },
    ]);
    process.stdout.write('Gitea knows Drone; its id and secret are in deploy/drone/.env.\n');
  }
} catch (thrown) {
  process.stderr.write(`drone:connect: ${toMessage(thrown)}\n`);
  process.exitCode = 1;
}
