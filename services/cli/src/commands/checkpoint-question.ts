import { type CheckpointCatalogue } from '@fleetstream/state-store';
import { type CliWorld } from '../command.ts';
import { gatewayFlags, type parseFlags, sharedFlags } from '../parse-flags.ts';
import { type PlatformAccess } from '../platform-access.ts';

const text = { type: 'string' } as const;

export const checkpointFlags = {
  ...sharedFlags,
  ...gatewayFlags,
  store: text,
  prefix: text,
  partition: text,
  offset: text,
  limit: text,
  newest: { type: 'boolean' },
} as const;

/** What a subcommand is told. */
export interface CheckpointQuestion {
  readonly values: ReturnType<typeof parseFlags<typeof checkpointFlags>>['values'];
  readonly words: readonly string[];
  readonly checkpoints: CheckpointCatalogue;
  readonly access: PlatformAccess;
  readonly world: CliWorld;
}
