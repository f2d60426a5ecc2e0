export {
  type AnomalyModel,
  type ModelMemory,
  type ModelSession,
  type RecordScore,
  type RobotRecord,
} from './anomaly-model.ts';
export { defaultRules, type DetectorRules } from './detector-rules.ts';
export { type ReadRecord, readRobotRecord, type ReplayRecord } from './read-robot-record.ts';
export { replayVerdicts } from './replay-verdicts.ts';
export { createTailDetector } from './tail-detector.ts';
export { toVerdict, type Verdict } from './to-verdict.ts';
export { parseVerdict, type SaidVerdict, type VerdictCheck, verifyVerdicts } from './verify-verdicts.ts';
