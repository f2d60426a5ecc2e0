import { z } from 'zod';

// The docker pipeline of Drone 1.x and 2.x (docs.drone.io/pipeline/docker, drone-runner-docker). Drone itself ignores
// fields that it doesn't know, so a misspelt "when" would run a deployment on every push: here they are errors.

const nameValue = z.string().regex(/^[a-z0-9][a-z0-9 ._-]*$/i, 'a name of letters, digits, blanks, ".", "_" and "-"');
const textsValue = z.union([z.string(), z.array(z.string())]);

const conditionValue = z.union([
  textsValue,
  z.strictObject({ include: textsValue.optional(), exclude: textsValue.optional() }),
]);

const events = ['push', 'pull_request', 'tag', 'promote', 'rollback', 'cron', 'custom'] as const;
const eventValue = z.enum(events);
const statusValue = z.enum(['success', 'failure']);

const conditionsSchema = z.strictObject({
  action: conditionValue.optional(),
  branch: conditionValue.optional(),
  cron: conditionValue.optional(),
  event: z
    .union([
      eventValue,
      z.array(eventValue),
      z.strictObject({ include: z.array(eventValue).optional(), exclude: z.array(eventValue).optional() }),
    ])
    .optional(),
  instance: conditionValue.optional(),
  paths: conditionValue.optional(),
  ref: conditionValue.optional(),
  repo: conditionValue.optional(),
  status: z.union([statusValue, z.array(statusValue)]).optional(),
  target: conditionValue.optional(),
});

const secretReference = z.strictObject({ from_secret: z.string().min(1) });
const variableValue = z.union([z.string(), z.number(), z.boolean(), secretReference]);
const sizeValue = z.union([z.number(), z.string().regex(/^\d+(\.\d+)?\s?[kmgt]?i?b?$/i)]);

const stepSchema = z.strictObject({
  name: nameValue,
  image: z.string().min(1),
  command: z.array(z.string()).optional(),
  commands: z.array(z.string().min(1)).optional(),
  depends_on: z.array(nameValue).optional(),
  detach: z.boolean().optional(),
  devices: z.array(z.strictObject({ name: nameValue, path: z.string() })).optional(),
  dns: z.array(z.string()).optional(),
  dns_search: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  environment: z.record(z.string(), variableValue).optional(),
  extra_hosts: z.array(z.string()).optional(),
  failure: z.enum(['ignore', 'always', 'fast', 'fail-fast']).optional(),
  mem_limit: sizeValue.optional(),
  memswap_limit: sizeValue.optional(),
  network_mode: z.string().optional(),
  privileged: z.boolean().optional(),
  pull: z.enum(['always', 'never', 'if-not-exists']).optional(),
  settings: z
    .record(z.string(), z.union([variableValue, z.array(variableValue), z.record(z.string(), z.unknown())]))
    .optional(),
  shell: z.string().optional(),
  shm_size: sizeValue.optional(),
  user: z.string().optional(),
  volumes: z.array(z.strictObject({ name: nameValue, path: z.string().startsWith('/') })).optional(),
  when: conditionsSchema.optional(),
  working_dir: z.string().optional(),
});

const volumeSchema = z.union([
  z.strictObject({ name: nameValue, host: z.strictObject({ path: z.string().startsWith('/') }) }),
  z.strictObject({
    name: nameValue,
    temp: z.strictObject({ medium: z.literal('memory').optional(), size_limit: sizeValue.optional() }),
  }),
]);

const pipelineSchema = z.strictObject({
  kind: z.literal('pipeline'),
  type: z.literal('docker'),
  name: nameValue,
  version: z.string().optional(),
  clone: z
    .strictObject({
      depth: z.int().min(0).optional(),
      disable: z.boolean().optional(),
      retries: z.int().optional(),
      skip_verify: z.boolean().optional(),
      trace: z.boolean().optional(),
    })
    .optional(),
  concurrency: z.strictObject({ limit: z.int().min(1) }).optional(),
  depends_on: z.array(nameValue).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  image_pull_secrets: z.array(z.string()).optional(),
  node: z.record(z.string(), z.string()).optional(),
  platform: z
    .strictObject({
      os: z.enum(['linux', 'windows']).optional(),
      arch: z.enum(['amd64', 'arm64', 'arm']).optional(),
      variant: z.string().optional(),
      version: z.string().optional(),
    })
    .optional(),
  services: z.array(stepSchema).optional(),
  steps: z.array(stepSchema).min(1),
  trigger: conditionsSchema.optional(),
  volumes: z.array(volumeSchema).optional(),
  workspace: z.strictObject({ base: z.string().optional(), path: z.string().optional() }).optional(),
});

/** One document of `.drone.yml`. */
export const droneResourceSchema = z.discriminatedUnion('kind', [
  pipelineSchema,
  z.strictObject({
    kind: z.literal('secret'),
    name: nameValue,
    get: z.strictObject({ path: z.string(), name: z.string() }),
  }),
  z.strictObject({ kind: z.literal('signature'), hmac: z.string().regex(/^[0-9a-f]{64}$/) }),
]);

export type DroneResource = z.infer<typeof droneResourceSchema>;
export type DronePipeline = Extract<DroneResource, { kind: 'pipeline' }>;
export type DroneStep = DronePipeline['steps'][number];
