import { type RobotStateData, stateListMax } from '../events/robot-state.ts';
import { type ActionStatus, actionStatuses } from '../events/shared.ts';
import { type JsonObject } from '../json-object.ts';
import { type MessageReader } from './message-reader.ts';

type Action = NonNullable<RobotStateData['actions']>[number];

/** Spellings seen in the field. */
const misspelt: ReadonlyMap<string, ActionStatus> = new Map([['WAITIING', 'WAITING']]);

/**
 * Actions of the order, of zones and instant ones, and the single `actionState` of some dialects where the list
 * doesn't name it. When there are more than fit, the last ones are kept: robots append.
 */
export function mapActions(reader: MessageReader, message: JsonObject): RobotStateData['actions'] {
  const lists = [message['actionStates'], message['instantActionStates'], message['zoneActionStates']]
    .map((list) => reader.objects(list, Number.MAX_SAFE_INTEGER))
    .filter((list) => list !== undefined);
  const single = reader.object(message['actionState']);
  if (single !== undefined) reader.note('action-state-single');
  if (lists.length === 0 && single === undefined) return undefined;
  const actions = lists.flat().flatMap((item) => mapAction(reader, item) ?? []);
  const last = single === undefined ? undefined : mapAction(reader, single);
  if (last !== undefined && !actions.some((action) => action.id === last.id)) actions.push(last);
  if (actions.length > stateListMax.actions) reader.note('list-cut');
  return actions.slice(-stateListMax.actions);
}

function mapAction(reader: MessageReader, item: JsonObject): Action | undefined {
  if (item['actionId'] === undefined && item['id'] !== undefined) reader.note('action-field-names');
  const id = reader.filledText(item['actionId'] ?? item['id']);
  if (id === undefined) {
    reader.note('action-without-id');
    return undefined;
  }
  const status = mapStatus(reader, item['actionStatus'] ?? item['state']);
  if (status === undefined) return undefined;
  const type = reader.filledText(item['actionType'] ?? item['command']);
  const result = reader.filledText(item['actionResult'] ?? item['resultDescription'] ?? item['result']);
  return { id, ...(type !== undefined && { type }), status, ...(result !== undefined && { result }) };
}

function mapStatus(reader: MessageReader, value: unknown): ActionStatus | undefined {
  const said = reader.filledText(value)?.toUpperCase();
  const status = actionStatuses.find((one) => one === said);
  if (status !== undefined) return status;
  const meant = said === undefined ? undefined : misspelt.get(said);
  reader.note(meant === undefined ? 'action-status-unknown' : 'action-status-misspelt');
  return meant;
}
