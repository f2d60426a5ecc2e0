import { commandKill } from './commands/command-kill.ts';
import { commandPlantedBugs } from './commands/command-planted-bugs.ts';
import { localChaos } from './local-chaos.ts';
import { brokerBounce } from './processor/broker-bounce.ts';
import { clockJump } from './processor/clock-jump.ts';
import { diskFull } from './processor/disk-full.ts';
import { delayedEndTxn } from './processor/delayed-end-txn.ts';
import { platform } from './platform/platform.ts';
import { processorKill } from './processor/processor-kill.ts';
import { processorKillAt } from './processor/processor-kill-at.ts';
import { rebalanceStorm } from './processor/rebalance-storm.ts';
import { rescale } from './processor/rescale.ts';
import { tripleSend } from './processor/triple-send.ts';
import { zombie } from './processor/zombie.ts';
import { restoreFromMinio } from './restore/restore-from-minio.ts';
import { type Scenario } from './scenario.ts';
import { storeCorrupt } from './store/store-corrupt.ts';
import { store503, storeDown, storeSlow } from './store/store-outage.ts';
import { plantedBugsScenario } from './simulation/planted-bugs.ts';
import { simulate } from './simulation/simulate.ts';
import { soak } from './soak/soak.ts';
import { malformed } from './trust/malformed.ts';
import { rotation } from './trust/rotation.ts';
import { kafkaBounce } from './webhook/kafka-bounce.ts';
import { redisLoss } from './webhook/redis-loss.ts';
import { rollingRestart } from './webhook/rolling-restart.ts';
import { webhookKill } from './webhook/webhook-kill.ts';

export const scenarios: readonly Scenario[] = [
  localChaos,
  restoreFromMinio,
  processorKill,
  processorKillAt,
  zombie,
  delayedEndTxn,
  brokerBounce,
  rebalanceStorm,
  rescale,
  tripleSend,
  diskFull,
  clockJump,
  storeDown,
  storeSlow,
  store503,
  storeCorrupt,
  soak,
  simulate,
  plantedBugsScenario,
  rotation,
  malformed,
  platform,
  webhookKill,
  kafkaBounce,
  redisLoss,
  rollingRestart,
  commandKill,
  commandPlantedBugs,
];
