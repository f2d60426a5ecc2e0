// Makes a certificate authority and a certificate for localhost in the folder given. For trying things out: a real
// installation brings its own.
import { chmodSync } from 'node:fs';
import { ensureCertificate } from '../../local/src/parts/tls-certificate.ts';

const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write('make-certificate.ts FOLDER\n');
  process.exit(2);
}
const files = await ensureCertificate(folder, Date.now());
// The gateway runs as another user than this one.
chmodSync(folder, 0o755);
chmodSync(files.keyFile, 0o644);
process.stdout.write(`The gateway's certificate is ${files.certificateFile}; clients trust ${files.caFile}.\n`);
