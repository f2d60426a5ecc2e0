import { type EnvironmentVariable, randomBase64, randomHex } from './fill-environment.ts';

/** What docker-compose.yml asks for; whoever loses the master key must give every robot a new secret. */
export const composeVariables: readonly EnvironmentVariable[] = [
  {
    name: 'WEBHOOK_MASTER_KEY',
    comment: "Base64 of 32 bytes, from which every robot's secret is derived. Keep a copy.",
    make: randomBase64(32),
  },
  { name: 'PROCESSOR_API_TOKEN', comment: 'Bearer token of the state API.', make: randomHex(24) },
  { name: 'COMMANDS_JWT_SECRET', comment: "Signs the operators' bearer tokens (HS256).", make: randomHex(32) },
  { name: 'PROCESSOR_S3_ACCESS_KEY_ID', comment: "The bucket's key.", make: randomHex(10) },
  { name: 'PROCESSOR_S3_SECRET_ACCESS_KEY', comment: 'Belongs to it.', make: randomHex(20) },
];
