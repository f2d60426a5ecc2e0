import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, hasLibatomic, hasPip, javaMajorMin, readJavaMajor } from './programs.mjs';
import { runCommand } from './run-command.mjs';

/** Programs that come from the system's package manager; only those that are missing are asked for. */
export function systemPackagesStep({ places, logsDir }) {
  return {
    name: 'system packages',
    isDone: async () => (await findMissing(places)).length === 0,
    run: async () => {
      const missing = await findMissing(places);
      if (!canUseApt()) throw new Error(`missing here: ${missing.map(({ what }) => what).join(', ')}`);
      await aptInstall(
        missing.map(({ apt }) => apt),
        logsDir,
      );
      const still = await findMissing(places);
      if (still.length > 0) throw new Error(`still missing: ${still.map(({ what }) => what).join(', ')}`);
    },
    remedy: async () => {
      const missing = await findMissing(places);
      const names = (manager) => missing.map((one) => one[manager]).join(' ');
      if (process.platform === 'darwin') return `brew install ${names('brew')}`;
      const apt = `apt-get update && apt-get install -y --no-install-recommends ${names('apt')}`;
      if (findProgram('apt-get') === undefined)
        return `install ${missing.map(({ what }) => what).join(', ')} and add to PATH`;
      return process.getuid?.() === 0 ? apt : `sudo sh -c '${apt}'`;
    },
  };
}

async function findMissing(places) {
  const wanted = [
    {
      what: `Java ${javaMajorMin} or later`,
      apt: 'openjdk-17-jre-headless',
      brew: 'openjdk@17',
      there: async () => (await readJavaMajor()) >= javaMajorMin,
    },
    {
      what: 'Maven (mvn)',
      apt: 'maven',
      brew: 'maven',
      there: () => existsSync(places.kafkaJarsDir) || findProgram('mvn') !== undefined,
    },
    {
      what: 'redis-server',
      apt: 'redis-server',
      brew: 'redis',
      there: () => findProgram('redis-server') !== undefined,
    },
    { what: 'openssl', apt: 'openssl', brew: 'openssl', there: () => findProgram('openssl') !== undefined },
    { what: 'libatomic.so.1', apt: 'libatomic1', brew: '', there: hasLibatomic },
    {
      what: 'python3 with pip',
      apt: 'python3-pip',
      brew: 'python3',
      there: async () => existsSync(places.envoyFile) || (await hasPip()),
    },
  ];
  const there = await Promise.all(wanted.map((one) => one.there()));
  return wanted.filter((_, index) => !there[index]);
}

/** Whether packages can be installed here without asking. */
export function canUseApt() {
  return process.getuid?.() === 0 && findProgram('apt-get') !== undefined;
}

/** Installs packages by apt, without starting the services that they bring. */
export async function aptInstall(packages, logsDir) {
  // Run level 1 keeps the package's own Redis service from being started on this machine.
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (name, args) => runCommand('apt-get', args, { logFile: join(logsDir, `${name}.log`), environment });
  const install = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  try {
    await apt('apt-install', install);
  } catch {
    // The package lists are missing or old on a new machine.
    await apt('apt-update', ['update', '-q']);
    await apt('apt-install', install);
  }
}
