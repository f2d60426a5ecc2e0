import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ensureCertificate } from '../parts/tls-certificate.ts';
import { checkClientCa } from './check-client-ca.ts';

const directory = mkdtempSync(join(tmpdir(), 'fleetstream-client-ca-'));

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

it("takes an authority's certificate and says what is wrong with anything else", async () => {
  const nowMs = Date.now();
  const { caFile, certificateFile } = await ensureCertificate(directory, nowMs);
  const noPem = join(directory, 'no.pem');
  writeFileSync(noPem, 'nothing');
  expect(checkClientCa(caFile, nowMs)).toEqual([]);
  expect(checkClientCa(caFile, nowMs + 100 * 86_400_000)).toEqual([expect.stringContaining('ended on')]);
  expect(checkClientCa(certificateFile, nowMs)).toEqual([expect.stringContaining("no authority's")]);
  expect(checkClientCa(noPem, nowMs)).toEqual([expect.stringContaining('no readable PEM file')]);
  expect(checkClientCa(join(directory, 'none.pem'), nowMs)).toEqual([expect.stringContaining('no readable PEM file')]);
});
