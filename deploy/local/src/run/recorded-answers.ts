/** When each recorded command was given and when a robot first said that it had ended. */
export class RecordedAnswers {
  readonly #givenAtMs = new Map<string, number>();
  readonly #endedAtMs = new Map<string, number>();

  /** Takes a line of the session: orders and instant actions give commands, states end them. */
  add(topic: string, payload: string, atMs: number): void {
    const isGiven = /\/(order|instantAction)$/.test(topic);
    if (!isGiven && !topic.endsWith('/state')) return;
    for (const { id, state } of findActions(JSON.parse(payload))) {
      if (isGiven) keepFirst(this.#givenAtMs, id, atMs);
      else if (state === 'FINISHED' || state === 'FAILED') keepFirst(this.#endedAtMs, id, atMs);
    }
  }

  /** Of the commands that were given and ended, in milliseconds, shortest first. */
  latenciesMs(): number[] {
    return [...this.#givenAtMs]
      .flatMap(([id, givenMs]) => {
        const endedMs = this.#endedAtMs.get(id);
        return endedMs === undefined ? [] : [endedMs - givenMs];
      })
      .sort((a, b) => a - b);
  }
}

function keepFirst(times: Map<string, number>, id: string, atMs: number): void {
  if (!times.has(id)) times.set(id, atMs);
}

interface FoundAction {
  readonly id: string;
  readonly state: unknown;
}

/** Anything that has the shape of an action, wherever it stands: this reading shall not share the fleet's. */
function findActions(value: unknown, key = ''): FoundAction[] {
  if (Array.isArray(value)) return value.flatMap((item) => findActions(item, key));
  if (typeof value !== 'object' || value === null) return [];
  const { id, actionId, state } = value as { id?: unknown; actionId?: unknown; state?: unknown };
  const found = typeof actionId === 'string' ? actionId : /^action(s|State|States)?$/.test(key) ? id : undefined;
  const inside = Object.entries(value).flatMap(([name, item]) => findActions(item, name));
  return typeof found === 'string' ? [{ id: found, state }, ...inside] : inside;
}
