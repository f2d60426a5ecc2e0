export { AppError, toAppError, toMessage, type ErrorContext } from './app-error.ts';
export { type Clock, systemClock } from './clock.ts';
export { crc32c } from './crc32c.ts';
export { errorCatalogue, type ErrorCode } from './error-catalogue.ts';
export { type ErrorSpec } from './error-spec.ts';
export { type Decoded, type Fold, type FoldOutput, type FoldPosition, type Transition } from './fold.ts';
export { type Log, silentLog } from './log.ts';
export { isRobotId } from './robot-id.ts';
