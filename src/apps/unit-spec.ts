/** An app as the unit that its host's agent keeps, and what is read back from a unit: `meta` tells which app it is. A temporary app is
 *  nowhere else, so its unit's meta holds all of it. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { UnitContainer, UnitSpec, UnitStatus } from "../agent/protocol.ts";
import { type AppDefinition, type AppSchedule, exitActions } from "./app.ts";
import { type SealedDefinition, sealedDefinitionSchema } from "./definition.ts";
import { actionAfter, type ExitRules, restartPolicyOf } from "./exit-rules.ts";
import type { RunVariables } from "./parts.ts";

/** Marks the units of this domain among the others of the same agent. */
const domain = "apps";
/** Health checks: App Mesh's scheduler looks once a second, and gives a check ten. */
const healthCheckTimes = { everyMs: 1_000, timeoutMs: 10_000 };
const exitAction = Type.Union(exitActions.map((action) => Type.Literal(action)));

export interface DefinedMeta {
  readonly kind: "defined";
  readonly appId: string;
  readonly name: string;
  readonly exit: ExitRules;
  /** How long the app stays after an end whose action is `remove`. */
  readonly removeAfterMs?: number;
  /** It has a health check. */
  readonly isChecked?: boolean;
}

export interface TemporaryMeta {
  readonly kind: "temporary";
  readonly name: string;
  readonly ownerId: string;
  readonly definition: SealedDefinition;
  /** A caller waits for its end, and removes it then. */
  readonly awaited: boolean;
}

export type UnitMeta = DefinedMeta | TemporaryMeta;

const meta = Compile(
  Type.Union([
    Type.Object({
      domain: Type.Literal(domain),
      kind: Type.Literal("defined"),
      appId: Type.String(),
      name: Type.String(),
      exit: Type.Object({ action: exitAction, byCode: Type.Record(Type.String(), exitAction) }),
      removeAfterMs: Type.Optional(Type.Number()),
      isChecked: Type.Optional(Type.Boolean()),
    }),
    Type.Object({
      domain: Type.Literal(domain),
      kind: Type.Literal("temporary"),
      name: Type.String(),
      ownerId: Type.String(),
      definition: sealedDefinitionSchema,
      awaited: Type.Boolean(),
    }),
  ]),
);

/** What the unit's meta says, or undefined if the unit is none of ours. */
export function metaOf(unit: UnitStatus): UnitMeta | undefined {
  return meta.Check(unit.meta) ? unit.meta : undefined;
}

export function definedMeta(app: { id: string; name: string; definition: AppDefinition }): DefinedMeta {
  const { exit, retention, healthCheck } = app.definition;
  return {
    kind: "defined",
    appId: app.id,
    name: app.name,
    exit,
    removeAfterMs: retention?.ms,
    isChecked: healthCheck !== undefined,
  };
}

/** Each revision of an app is a unit of its own: its starts count from 0, and an id that was removed never comes back. */
export function unitIdOf(app: { readonly id: string; readonly revision: number }): string {
  return `${app.id}.${app.revision}`;
}

export interface UnitIntent {
  /** Of the unit. */
  readonly id: string;
  readonly revision: number;
  readonly enabled: boolean;
  readonly definition: AppDefinition;
  /** Empty: the agent's own. */
  readonly osUser: string;
  readonly meta: UnitMeta;
  readonly timeoutMs?: number;
  readonly lifetimeMs?: number;
}

export function unitSpecOf(intent: UnitIntent, variables: RunVariables | undefined): UnitSpec {
  const { id, revision, enabled, definition, osUser } = intent;
  const { argv, workingDirectory: cwd, env, secretEnv, metadata, limits, schedule } = definition;
  const isTemporary = intent.meta.kind === "temporary";
  return {
    id,
    revision,
    enabled,
    sandbox: "host",
    container: containerOf(definition),
    process: {
      argv,
      cwd,
      env: {
        ...variables?.fixed,
        ...env,
        ...secretEnv,
        ...definition.container?.env,
        ...valueOfEach(variables?.appName, intent.meta.name),
      },
      stdin:
        metadata === undefined ? "none" : { text: typeof metadata === "string" ? metadata : JSON.stringify(metadata) },
      // A container knows none of the host's users.
      user: (definition.container ? definition.container.user : osUser) || undefined,
      limits,
    },
    envPerStart: {
      ...valueOfEach(variables?.secret, "secret" as const),
      ...valueOfEach(variables?.startedSeconds, "startedSeconds" as const),
    },
    restart: restartPolicyOf(definition.exit, { isScheduled: schedule !== undefined }),
    ...(schedule ? scheduleOf(schedule, definition.exit) : {}),
    window: definition.window,
    overlapMs: schedule && definition.retention?.ms,
    healthCheck: definition.healthCheck && { argv: definition.healthCheck.argv, ...healthCheckTimes },
    timeoutMs: intent.timeoutMs,
    lifetimeMs: intent.lifetimeMs,
    keepRuns: isTemporary ? 0 : definition.keepOutputs,
    meta: { domain, ...intent.meta },
  };
}

/** User and variables are the process' own. */
function containerOf({ container }: AppDefinition): UnitContainer | undefined {
  if (!container) return undefined;
  const { user: _user, env: _env, ...rest } = container;
  return rest;
}

/** An interval app that is kept alive and recycled at each slot does not wait for the first one: it is as if a run had just ended well. That
 *  start takes the place of the first slot, which would end it a moment later. */
function scheduleOf(schedule: AppSchedule, exit: ExitRules): Pick<UnitSpec, "schedule" | "startsAtOnce"> {
  if (schedule.kind === "cron") return { schedule, startsAtOnce: false };
  const { from, every } = schedule;
  const startsAtOnce = actionAfter(exit, { code: 0 }) === "keepalive";
  return {
    schedule: { kind: "interval", from: startsAtOnce ? from + every.ms : from, everyMs: every.ms },
    startsAtOnce,
  };
}

function valueOfEach<T>(names: readonly string[] = [], value: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}
