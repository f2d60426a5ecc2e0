/** A robot as the Robot Platform lists it. */
export interface RegisteredRobot {
  readonly id: string;
  readonly name?: string;
  readonly fleet?: string;
  readonly site?: string;
  readonly model?: string;
  readonly tags?: readonly string[];
  /** Where the robot wants its commands posted; without it, it asks for them. */
  readonly callbackUrl?: string;
  /** How it reads them: `json` or `vda5050`. */
  readonly commandEncoding?: string;
}

export interface RobotPage {
  readonly robots: readonly RegisteredRobot[];
  /** The id to go on after; absent on the last page. */
  readonly nextCursor?: string;
  /** Of all pages. */
  readonly total: number;
}

const fields = ['name', 'fleet', 'site', 'model', 'callbackUrl', 'commandEncoding'] as const;
const fieldCharsMax = 200;
const robotsMax = 100_000;
const tagsMax = 32;

/** The robots, in the order of their ids. */
export class RobotRegistry {
  readonly #robots = new Map<string, RegisteredRobot>();
  /** Ids in order; made anew when one was added. */
  #order: readonly string[] | undefined;

  get size(): number {
    return this.#robots.size;
  }

  get(id: string): RegisteredRobot | undefined {
    return this.#robots.get(id);
  }

  all(): readonly RegisteredRobot[] {
    return [...this.#robots.values()];
  }

  /** Adds or replaces all, or none when there would be too many. */
  upsert(robots: readonly RegisteredRobot[]): boolean {
    const added = new Set(robots.filter(({ id }) => !this.#robots.has(id)).map(({ id }) => id)).size;
    if (this.#robots.size + added > robotsMax) return false;
    for (const robot of robots) this.#robots.set(robot.id, robot);
    if (added > 0) this.#order = undefined;
    return true;
  }

  /** @returns false when there was none */
  remove(id: string): boolean {
    this.#order = undefined;
    return this.#robots.delete(id);
  }

  page(after: string | undefined, limit: number): RobotPage {
    this.#order ??= [...this.#robots.keys()].sort();
    const start = after === undefined ? 0 : this.#order.findIndex((id) => id > after);
    const ids = start === -1 ? [] : this.#order.slice(start, start + limit);
    const robots = ids.flatMap((id) => this.#robots.get(id) ?? []);
    const last = ids.at(-1);
    const more = start !== -1 && start + limit < this.#order.length;
    return { robots, ...(more && last !== undefined && { nextCursor: last }), total: this.#robots.size };
  }
}

/** One robot object from outside, or what is wrong with it. */
export function parseRobot(value: unknown, isId: (text: string) => boolean): RegisteredRobot | string {
  if (typeof value !== 'object' || value === null) return 'a robot is an object with an "id"';
  const given = value as Record<string, unknown>;
  const { id } = given;
  if (typeof id !== 'string' || !isId(id)) return '"id" must be a robot id';
  const robot: Partial<Record<keyof RegisteredRobot, string | readonly string[]>> & { id: string } = { id };
  for (const field of fields) {
    const text = given[field];
    if (text === undefined) continue;
    if (typeof text !== 'string' || text.length > fieldCharsMax)
      return `"${field}" must be a text of ${fieldCharsMax} at most`;
    robot[field] = text;
  }
  const { tags } = given;
  if (tags === undefined) return robot as RegisteredRobot;
  if (
    !Array.isArray(tags) ||
    tags.length > tagsMax ||
    !tags.every((tag) => typeof tag === 'string' && tag.length <= 64)
  )
    return `"tags" must be ${tagsMax} texts of 64 at most`;
  return { ...robot, tags: tags as string[] } as RegisteredRobot;
}
