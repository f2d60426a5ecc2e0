import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A program ended with another code than 0; `tail` is the end of what it said. */
class CommandFailed extends Error {
  constructor(command, code, logFile) {
    super(`"${command}" ended with code ${code}; all it said is in ${logFile}`);
    this.tail = readTail(logFile, 15);
  }
}

/** Runs a program to its end, its output going to a log file of its own. */
export async function runCommand(command, args, { logFile, environment = process.env, directory }) {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  const code = await new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', log, log], env: environment, cwd: directory });
    child.once('error', () => resolve(127));
    child.once('exit', (exitCode, signal) => resolve(exitCode ?? signal));
  });
  closeSync(log);
  if (code !== 0) throw new CommandFailed([command, ...args].join(' '), code, logFile);
}

/** What a program prints, or nothing when it can't be run. */
export async function readOutput(command, args) {
  return await new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const add = (chunk) => (text += chunk);
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.once('error', () => resolve(''));
    child.once('close', (code) => resolve(code === 0 ? text : ''));
  });
}

// Hosts of package registries differ from network to network and may carry credentials.
function readTail(logFile, lines) {
  const text = readFileSync(logFile, 'utf8').replace(/https?:\/\/[^\s/"')]+/g, '<registry>');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
