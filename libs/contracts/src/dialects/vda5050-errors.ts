import { type RobotStateData, stateListMax } from '../events/robot-state.ts';
import { errorLevels } from '../events/shared.ts';
import { type MessageReader } from './message-reader.ts';

/**
 * The active errors. An object with nothing in it that names an error (real robots send `errors: [{}]`) is no error;
 * one without a type but with a level or a description is. An unknown level counts as a warning.
 */
export function mapErrors(reader: MessageReader, value: unknown): RobotStateData['errors'] {
  const items = reader.objects(value, stateListMax.errors);
  if (items === undefined) return undefined;
  const errors: NonNullable<RobotStateData['errors']> = [];
  for (const item of items) {
    const type = reader.filledText(item['errorType']);
    const description = reader.filledText(item['errorDescription']);
    const said = reader.filledText(item['errorLevel'])?.toUpperCase();
    if (type === undefined && description === undefined && said === undefined) {
      reader.note('error-empty');
      continue;
    }
    if (type === undefined) reader.note('error-without-type');
    const level = errorLevels.find((one) => one === said);
    if (level === undefined) reader.note('error-level-unknown');
    errors.push({
      type: type ?? 'UNKNOWN',
      level: level ?? 'WARNING',
      ...(description !== undefined && { description }),
    });
  }
  return errors;
}
