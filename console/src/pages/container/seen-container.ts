/** What the console knows of a container from what its engine says of it, which it passes on as it is. */

export interface SeenContainer {
  readonly id: string;
  readonly hostId: string;
  readonly name: string;
  readonly image: string;
  readonly state: string;
  readonly health: "healthy" | "unhealthy" | "starting" | null;
  /** As a list would tell it: "Exited (3)". */
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
}

type Fields = Readonly<Record<string, unknown>>;

export const fieldsOf = (value: unknown): Fields => Object(value) as Fields;
export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export function seenOf(whole: unknown, hostId: string): SeenContainer {
  const { Id, Name, State, Config } = fieldsOf(whole);
  const state = fieldsOf(State);
  const config = fieldsOf(Config);
  const health = textOf(fieldsOf(state.Health).Status);
  const word = textOf(state.Status);
  return {
    ...{ id: textOf(Id), hostId, image: textOf(config.Image), state: word },
    name: textOf(Name).replace(/^\//, ""),
    health: health === "healthy" || health === "unhealthy" || health === "starting" ? health : null,
    status: word === "exited" ? `Exited (${String(state.ExitCode)})` : word,
    labels: Object.fromEntries(Object.entries(fieldsOf(config.Labels)).map(([name, value]) => [name, textOf(value)])),
  };
}

/** The engine's zero is the year 1. */
export function momentOf(value: unknown): number | undefined {
  const at = Date.parse(textOf(value));
  return Number.isNaN(at) || at < 0 ? undefined : at;
}
