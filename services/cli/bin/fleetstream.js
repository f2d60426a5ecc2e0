#!/usr/bin/env node
// Plain JavaScript, because it also runs on the machine's own Node, which may not read TypeScript.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const nodeMajorMin = 24;

if (Number(process.versions.node.split('.')[0]) >= nodeMajorMin) {
  // kafkajs sets timers in the past; the warning says nothing to whoever enrols a robot.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'TimeoutNegativeWarning') process.stderr.write(`${warning.name}: ${warning.message}\n`);
  });
  await import('../src/main.ts');
} else {
  const own = fileURLToPath(import.meta.url);
  const node = findNode(dirname(own));
  if (node === undefined) {
    process.stderr.write(
      `fleetstream needs Node ${nodeMajorMin}, this is ${process.versions.node}. Run npm install.\n`,
    );
    process.exit(1);
  }
  const { status, error } = spawnSync(node, [own, ...process.argv.slice(2)], { stdio: 'inherit' });
  if (error !== undefined) process.stderr.write(`${node}: ${error.message}\n`);
  process.exit(status ?? 1);
}

/** The Node that the project installed, at the root of the workspaces. */
function findNode(from) {
  const candidate = join(from, 'node_modules', '.bin', 'node');
  if (existsSync(candidate)) return candidate;
  const parent = dirname(from);
  return parent === from ? undefined : findNode(parent);
}
