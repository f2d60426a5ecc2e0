import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const validDays = 90;
const renewBeforeDays = 7;
const dayMs = 86_400_000;

export interface TlsFiles {
  /** What a client must trust. */
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A certificate authority of this state directory's own and a certificate for localhost; renewed a week early. */
export async function ensureCertificate(directory: string, nowMs: number): Promise<TlsFiles> {
  const files = {
    caFile: join(directory, 'ca.crt'),
    certificateFile: join(directory, 'localhost.crt'),
    keyFile: join(directory, 'localhost.key'),
  };
  if (isFresh(files, nowMs)) return files;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const caKeyFile = join(directory, 'ca.key');
  const extensionsFile = join(directory, 'localhost.ext');
  const requestFile = join(directory, 'localhost.csr');
  writeFileSync(
    extensionsFile,
    [
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
      'extendedKeyUsage=serverAuth',
      'basicConstraints=critical,CA:FALSE',
      'keyUsage=critical,digitalSignature',
      '',
    ].join('\n'),
  );
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const days = ['-days', String(validDays)];
  await run('openssl', [
    ...['req', '-x509', ...newKey, '-keyout', caKeyFile, '-out', files.caFile, ...days],
    ...['-subj', '/CN=Fleetstream local CA', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  ]);
  await run('openssl', ['req', ...newKey, '-keyout', files.keyFile, '-out', requestFile, '-subj', '/CN=localhost']);
  await run('openssl', [
    ...['x509', '-req', '-in', requestFile, '-CA', files.caFile, '-CAkey', caKeyFile, '-CAcreateserial'],
    ...['-out', files.certificateFile, ...days, '-extfile', extensionsFile],
  ]);
  return files;
}

function isFresh(files: TlsFiles, nowMs: number): boolean {
  if (!Object.values(files).every((file: string) => existsSync(file))) return false;
  const certificate = new X509Certificate(readFileSync(files.certificateFile));
  return Date.parse(certificate.validTo) - nowMs > renewBeforeDays * dayMs;
}
