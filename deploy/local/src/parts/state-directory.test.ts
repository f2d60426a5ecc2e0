import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTokenVerifier } from '@fleetstream/access';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toLocalLayout } from '../local-layout.ts';
import { openSecrets, writeCommandsToken } from './local-secrets.ts';
import { openStateDirectory } from './state-directory.ts';
import { ensureCertificate } from './tls-certificate.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'fleetstream-state-'));
});
afterEach(() => {
  rmSync(stateDir, { recursive: true, force: true });
});

describe('openStateDirectory', () => {
  it('keeps what an earlier run left', () => {
    const layout = toLocalLayout(stateDir);
    openStateDirectory(layout, false);
    writeFileSync(join(stateDir, 'kept'), '');
    openStateDirectory(layout, false);
    expect(readdirSync(stateDir)).toContain('kept');
  });

  it('empties it when asked for a fresh one', () => {
    const layout = toLocalLayout(stateDir);
    openStateDirectory(layout, false);
    mkdirSync(join(stateDir, 'old'));
    openStateDirectory(layout, true);
    expect(existsSync(join(stateDir, 'old'))).toBe(false);
    expect(existsSync(layout.markerFile)).toBe(true);
  });

  it.each([true, false])('touches nothing in a directory that is not ours (fresh: %s)', (fresh) => {
    writeFileSync(join(stateDir, 'thesis.doc'), '');
    expect(() => {
      openStateDirectory(toLocalLayout(stateDir), fresh);
    }).toThrow('not of a local run');
    expect(readdirSync(stateDir)).toEqual(['thesis.doc']);
  });
});

describe('openSecrets', () => {
  it('makes them once, for this user alone', () => {
    const file = join(stateDir, 'secrets.json');
    const made = openSecrets(file);
    expect(Buffer.from(made.masterKey, 'base64')).toHaveLength(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(openSecrets(file)).toEqual(made);
  });

  it('completes those of a version without commands, and puts a token beside them', async () => {
    const file = join(stateDir, 'secrets.json');
    const { commandsJwtSecret, ...older } = openSecrets(file);
    writeFileSync(file, JSON.stringify(older));
    const completed = openSecrets(file);
    expect(completed).toEqual({ ...older, commandsJwtSecret: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(completed.commandsJwtSecret).not.toBe(commandsJwtSecret);
    await writeCommandsToken(file, completed);
    expect(openSecrets(file)).toEqual(completed);
    const { commandsToken } = JSON.parse(readFileSync(file, 'utf8')) as { commandsToken: string };
    const verifier = createTokenVerifier({ keys: { kind: 'secret', secret: completed.commandsJwtSecret } });
    expect(await verifier.verify(`Bearer ${commandsToken}`)).toMatchObject({ kind: 'granted', role: 'admin' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each(['', 'null', '{}', '{"masterKey":"AAAA","apiToken":"0123456789abcdef0123456789abcdef"}'])(
    'refuses a file that holds %j',
    (text) => {
      const file = join(stateDir, 'secrets.json');
      writeFileSync(file, text);
      expect(() => openSecrets(file)).toThrow('--fresh');
    },
  );
});

describe('ensureCertificate', () => {
  it('keeps a certificate until a week before its end', async () => {
    const dayMs = 86_400_000;
    const now = Date.now();
    const { certificateFile } = await ensureCertificate(stateDir, now);
    const made = statSync(certificateFile).mtimeMs;
    await ensureCertificate(stateDir, now + 82 * dayMs);
    expect(statSync(certificateFile).mtimeMs).toBe(made);
    await ensureCertificate(stateDir, now + 84 * dayMs);
    expect(statSync(certificateFile).mtimeMs).toBeGreaterThan(made);
  });
});
