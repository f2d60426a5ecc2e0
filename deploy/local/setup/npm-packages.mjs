import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOutput, runCommand } from './run-command.mjs';

const nodeMajor = 24;

/** The npm packages, Node 24 among them: installed when they aren't those of package-lock.json. */
export function npmPackagesStep({ root, logsDir }) {
  const stampFile = join(root, 'node_modules', '.fleetstream-lock');
  const nodeFile = join(root, 'node_modules', '.bin', 'node');
  const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const lockHash = createHash('sha256').update(lockText).digest('hex');
  const install = (name, args) => runCommand('npm', args, { logFile: join(logsDir, `${name}.log`), directory: root });
  return {
    name: 'npm packages and Node 24',
    isDone: async () => {
      if (!existsSync(nodeFile)) return false;
      if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === lockHash) return true;
      if (!isInstalled(root, JSON.parse(lockText)) || !(await isNode24(nodeFile))) return false;
      // Installed by hand: that is as good.
      writeFileSync(stampFile, lockHash);
      return true;
    },
    run: async () => {
      await install('npm-ci', ['ci', '--no-audit', '--no-fund']);
      // With scripts switched off in the user's npm configuration the package "node" stays an empty shell.
      if (!(await isNode24(nodeFile))) await install('npm-rebuild-node', ['rebuild', 'node', '--ignore-scripts=false']);
      if (!(await isNode24(nodeFile))) throw new Error(`${nodeFile} is not Node ${nodeMajor}`);
      writeFileSync(stampFile, lockHash);
    },
    remedy: 'run "npm ci --ignore-scripts=false" here and read what it says',
  };
}

async function isNode24(nodeFile) {
  return (await readOutput(nodeFile, ['--version'])).startsWith(`v${nodeMajor}.`);
}

// npm keeps a list of what it installed; packages for other platforms are missing there, and that is right.
function isInstalled(root, lock) {
  const listFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(listFile)) return false;
  const installed = JSON.parse(readFileSync(listFile, 'utf8')).packages;
  return Object.entries(lock.packages).every(([path, { version, optional, devOptional, link }]) => {
    if (!path.startsWith('node_modules/') || link) return true;
    return installed[path] === undefined ? optional || devOptional : installed[path].version === version;
  });
}
