/** Containers as an engine lists them: its own JSON with its own keys, of which the yard reads a few. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Engine } from "../../platform/docker/engine.ts";
import { readEngineJson } from "../../platform/docker/engine-reply.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import type { ContainerMoment } from "./status-text.ts";

export interface ContainerRow {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly ImageID: string;
  /** Seconds. */
  readonly Created: number;
  readonly State: string;
  readonly Status: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()]);

const Rows = Compile(
  Type.Array(
    Type.Object({
      Id: Type.String(),
      Names: nullable(Type.Array(Type.String())),
      Image: Type.String(),
      ImageID: Type.String(),
      Created: Type.Number(),
      State: Type.String(),
      Status: Type.String(),
      Labels: nullable(Type.Record(Type.String(), Type.String())),
    }),
  ),
);

const Inspected = Compile(
  Type.Object({
    Created: Type.String(),
    State: Type.Object({
      Status: Type.String(),
      StartedAt: Type.String(),
      FinishedAt: Type.String(),
      ExitCode: Type.Number(),
      Health: Type.Optional(nullable(Type.Object({ Status: Type.String() }))),
    }),
  }),
);

export interface ContainerListing {
  /** Only these. */
  readonly ids?: readonly string[];
  readonly timeoutMs?: number;
}

/** Running or not, the youngest first. @throws {YardError} unavailable, internal (what it says is no list of containers) */
export async function listContainerRows(
  engine: Engine,
  { ids, timeoutMs }: ContainerListing = {},
): Promise<ContainerRow[]> {
  const query = { all: true, ...(ids && { filters: { id: ids } }) };
  const listed = await engine.call(
    "list containers",
    (docker, abortSignal) => readEngineJson(docker, "/containers/json", { query, abortSignal }),
    { timeoutMs },
  );
  if (!Rows.Check(listed)) throw new YardError("internal", "The Docker engine's list of containers cannot be read.");
  return listed.map((row) => ({ ...row, Names: row.Names ?? [], Labels: row.Labels ?? {} }));
}

export interface SeenContainer {
  readonly createdAt: string;
  readonly moment: ContainerMoment;
}

/** Waits while the engine is at work on the container; afterwards its row shows what has become of it.
 *  @returns undefined: it is gone, or cannot be looked at */
export async function lookAtContainer(engine: Engine, id: string): Promise<SeenContainer | undefined> {
  try {
    const seen = await engine.call("look at a container", (docker, abortSignal) =>
      readEngineJson(docker, `/containers/${encodeURIComponent(id)}/json`, { abortSignal }),
    );
    if (!Inspected.Check(seen)) return undefined;
    const { Status: status, StartedAt, FinishedAt, ExitCode: exitCode, Health } = seen.State;
    const health = Health && Health.Status !== "none" ? Health.Status : undefined;
    const [startedMs, finishedMs] = [Date.parse(StartedAt), Date.parse(FinishedAt)];
    return { createdAt: seen.Created, moment: { status, startedMs, finishedMs, exitCode, health } };
  } catch (error) {
    if (isYardError(error, "not_found")) return undefined;
    throw error;
  }
}

/** Without `all`, an engine lists those that run, or are about to again. */
export function isUp({ State: state }: ContainerRow): boolean {
  return state === "running" || state === "paused" || state === "restarting";
}
