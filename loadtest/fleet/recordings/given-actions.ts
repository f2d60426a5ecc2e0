import { type RecordedCommand } from '../commands/recorded-command.ts';

/**
 * Collects the actions that a factory's controller gave to its robots, and which of them the robots' states answered.
 * An action that is on two topics of a module is one.
 */
export class GivenActions {
  readonly #given = new Map<string, RecordedCommand>();
  readonly #answered = new Set<string>();

  /** Takes any message of a session; what is no order, instant action or state is passed over. */
  read(topic: string, payload: string, atMs: number): void {
    const parts = topic.split('/');
    const [head, , , third, fourth] = parts;
    const message = parts.at(-1);
    const robotId = third === 'NodeRed' ? fourth : third;
    if ((head !== 'fts' && head !== 'module') || robotId === undefined) return;
    const isGiving = message === 'order' || message === 'instantAction';
    if (!isGiving && message !== 'state') return;
    const data = parse(payload);
    if (message === 'state') {
      for (const { id } of findActions(data, ['actionState', 'actionStates'])) this.#answered.add(`${robotId}/${id}`);
      return;
    }
    for (const { id, action, parameters } of findActions(data, ['action', 'actions'])) {
      const key = `${robotId}/${id}`;
      if (!this.#given.has(key)) this.#given.set(key, { robotId, commandId: id, action, parameters, atMs });
    }
  }

  toCommands(): { readonly commands: readonly RecordedCommand[]; readonly unansweredActions: number } {
    const commands = [...this.#given].flatMap(([key, command]) => (this.#answered.has(key) ? [command] : []));
    return { commands, unansweredActions: this.#given.size - commands.length };
  }
}

interface FoundAction {
  readonly id: string;
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>> | undefined;
}

/** Below any of the keys, at any depth: orders have actions in their nodes. */
function findActions(value: unknown, keys: readonly string[], below = false): FoundAction[] {
  if (Array.isArray(value)) return value.flatMap((item) => findActions(item, keys, below));
  if (typeof value !== 'object' || value === null) return [];
  if (below) return toAction(value as Record<string, unknown>);
  return Object.entries(value).flatMap(([key, inner]) => findActions(inner, keys, keys.includes(key)));
}

/** The dialect has two names for the id and three for what is to be done. */
function toAction({ id, actionId, type, command, actionType, metadata }: Record<string, unknown>): FoundAction[] {
  const ownId = id ?? actionId;
  const action = command ?? type ?? actionType;
  if (typeof ownId !== 'string' || ownId === '') return [];
  const parameters = typeof metadata === 'object' && metadata !== null ? { ...metadata } : undefined;
  return [{ id: ownId, action: typeof action === 'string' ? action : 'unknown', parameters }];
}

function parse(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    // Counted as no JSON by whoever reads the line for its event.
    return undefined;
  }
}
