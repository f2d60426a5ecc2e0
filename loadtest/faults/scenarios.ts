import { localChaos } from './local-chaos.ts';
import { restoreFromMinio } from './restore/restore-from-minio.ts';
import { type Scenario } from './scenario.ts';

export const scenarios: readonly Scenario[] = [localChaos, restoreFromMinio];
