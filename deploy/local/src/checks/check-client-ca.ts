import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** What keeps the gateway from taking client certificates of the authority in a PEM file; empty when nothing does. */
export function checkClientCa(file: string, nowMs: number): string[] {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(readFileSync(file));
  } catch {
    return [`--client-ca ${file}: is no readable PEM file with a certificate.`];
  }
  if (!certificate.ca) return [`--client-ca ${file}: is a certificate, but no authority's (CA:TRUE).`];
  if (Date.parse(certificate.validTo) <= nowMs) return [`--client-ca ${file}: ended on ${certificate.validTo}.`];
  return [];
}
