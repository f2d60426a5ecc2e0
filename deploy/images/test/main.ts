// npm run test:images: builds every image, brings docker-compose.yml up, sends an event through it and stops it again.
// Where no Docker engine can run it says so and passes.
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toMessage } from '@fleetstream/kernel';
import { toolPlaces } from '../../local/setup/places.mjs';
import { openDockerEngine } from './docker-engine.ts';
import { runImagesTest } from './run-images-test.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const startedMs = performance.now();
const seconds = () => `${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s`;
const say = (line: string) => process.stdout.write(`${seconds()}  ${line}\n`);

const engine = await openDockerEngine(process.env, join(toolPlaces(process.env).cacheDir, 'docker'));
if (typeof engine === 'string') {
  process.stdout.write(`Skipped, nothing was tested: ${engine}.\n`);
} else {
  const directory = mkdtempSync(join(tmpdir(), 'fleetstream-images-'));
  try {
    say(engine.own ? 'a Docker engine of our own is up' : 'a Docker engine answers');
    const skipped = await runImagesTest({
      engine,
      root,
      directory,
      platform: arch() === 'x64' ? 'amd64' : arch(),
      say,
    });
    if (skipped === undefined) say('all is well');
    else process.stdout.write(`Skipped, nothing was tested: ${skipped}.\n`);
  } catch (thrown) {
    say(`FAILED: ${toMessage(thrown)}`);
    process.exitCode = 1;
  } finally {
    await engine.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
