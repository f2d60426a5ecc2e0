import { type EnvironmentVariable, randomHex } from './fill-environment.ts';

/** What deploy/drone/docker-compose.yml asks for. */
export const droneVariables: readonly EnvironmentVariable[] = [
  {
    name: 'GITEA_ADMIN',
    comment: 'Owner of the repository in Gitea, and administrator of Drone.',
    make: () => 'fleet',
  },
  { name: 'GITEA_ADMIN_PASSWORD', comment: "The owner's password.", make: randomHex(16) },
  { name: 'GITEA_DATABASE_PASSWORD', comment: "Gitea's at its database.", make: randomHex(20) },
  { name: 'DRONE_DATABASE_PASSWORD', comment: "Drone's at its database.", make: randomHex(20) },
  {
    name: 'DRONE_DATABASE_SECRET',
    comment: 'Encrypts secrets in the database; exactly 32 characters.',
    make: randomHex(16),
  },
  { name: 'DRONE_RPC_SECRET', comment: 'Between server and runner.', make: randomHex(32) },
  { name: 'DRONE_ADMIN_TOKEN', comment: "The administrator's token for Drone's API.", make: randomHex(16) },
  { name: 'REGISTRY_USERNAME', comment: 'Who may push and pull images.', make: () => 'fleet' },
  { name: 'REGISTRY_PASSWORD', comment: 'Belongs to it.', make: randomHex(16) },
  { name: 'DRONE_GITEA_CLIENT_ID', comment: 'Gitea gives it: "npm run drone:connect".', make: () => '' },
  { name: 'DRONE_GITEA_CLIENT_SECRET', comment: 'Gitea gives it: "npm run drone:connect".', make: () => '' },
];
