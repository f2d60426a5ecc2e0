// The rules of the house that no other tool can hold.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { listServiceMetrics } from './docs/list-service-metrics.ts';
import { renderDocs } from './docs/render-docs.ts';
import { listServices } from './docs/service-schemas.ts';
import { listRegistryHosts } from './tidy/registry-hosts.ts';
import { findInFiles, listTrackedFiles } from './tidy/tracked-files.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tracked = listTrackedFiles(root);
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const services = listServices(root);

describe('documents say what the code says', async () => {
  it.each([...(await renderDocs(root))])('%s is what "npm run docs" writes', (path, text) => {
    expect(existsSync(join(root, path)) ? read(path) : '').toBe(text);
  });

  it('docs/metrics.md has every service that counts', () => {
    const counting = services.filter((name) => existsSync(join(root, 'services', name, 'src/metrics.ts')));
    expect([...listServiceMetrics().keys()]).toEqual(counting);
  });

  it('ARCHITECTURE.md names every package', () => {
    const text = read('ARCHITECTURE.md');
    const packages = ['libs', 'services'].flatMap((tier) => readdirSync(join(root, tier)));
    expect(packages.filter((name) => !text.includes(name))).toEqual([]);
  });

  it('links between documents lead somewhere', () => {
    const broken = tracked
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) =>
        [...read(path).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
          .map((match) => match[1] ?? '')
          .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(path), target)))
          .map((target) => `${path}: ${target}`),
      );
    expect(broken).toEqual([]);
  });
});

describe('packages', () => {
  const manifests = tracked.filter((path) => /^(libs|services)\/[^/]+\/package\.json$/.test(path));

  it('are named after their folders', () => {
    const wrong = manifests.filter((path) => {
      const { name } = JSON.parse(read(path)) as { name: string };
      return name !== `@fleetstream/${basename(dirname(path))}`;
    });
    expect(wrong).toEqual([]);
  });

  it('are every folder of their tier', () => {
    const folders = ['libs', 'services'].flatMap((tier) =>
      readdirSync(join(root, tier)).map((name) => `${tier}/${name}/package.json`),
    );
    expect(folders.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('lie at most two folders deep below src', () => {
    expect(tracked.filter((path) => /\/src\/([^/]+\/){3,}/.test(path))).toEqual([]);
  });
});

describe('names', () => {
  it('say what is inside', () => {
    const vague = /^(utils?|helpers?|common|types|misc)(\.[a-z.]+)?$/;
    expect(tracked.filter((path) => path.split('/').some((part) => vague.test(part)))).toEqual([]);
  });

  it('of TypeScript files are kebab-case', () => {
    const wrong = tracked.filter((path) => path.endsWith('.ts') && !/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(basename(path)));
    expect(wrong).toEqual([]);
  });
});

describe('services', () => {
  it.each(services)('%s has its README, main, app and config', (service) => {
    // A command-line program is no server: it has no components to start.
    const wanted = ['README.md', 'src/main.ts', 'src/config.ts', ...(service === 'cli' ? [] : ['src/app.ts'])];
    expect(wanted.filter((file) => !existsSync(join(root, 'services', service, file)))).toEqual([]);
  });

  it('start in at most 40 lines', () => {
    const mains = tracked.filter((path) => /^services\/[^/]+\/src\/main\.ts$/.test(path));
    expect(mains.filter((path) => read(path).trimEnd().split('\n').length > 40)).toEqual([]);
  });
});

describe('nothing of this machine or of anybody is in the tree', () => {
  it('no credential', () => {
    const credential =
      /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*$|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[baprs]-[A-Za-z0-9-]{20,}/;
    expect(findInFiles(root, tracked, credential)).toEqual([]);
  });

  it('no absolute path of a work tree or a home', () => {
    expect(findInFiles(root, tracked, /(^|[^A-Za-z0-9_./\-[(|])\/(work|root|farm)\/[A-Za-z.]/)).toEqual([]);
  });

  it('no host of a package registry', () => {
    const hosts = listRegistryHosts(env).map((host) => host.replaceAll('.', '\\.'));
    const found = hosts.length === 0 ? [] : findInFiles(root, tracked, new RegExp(`(${hosts.join('|')})`));
    expect(found).toEqual([]);
  });
});
