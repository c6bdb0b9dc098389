/** An app as the unit that its host's agent keeps, and what is read back from a unit: `meta` tells which app it is. A temporary app is
 *  nowhere else, so its unit's meta holds all of it. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { UnitSpec, UnitStatus } from "../agent/protocol.ts";
import { type AppDefinition, exitActions } from "./app.ts";
import { type SealedDefinition, sealedDefinitionSchema } from "./definition.ts";
import { type ExitRules, restartPolicyOf } from "./exit-rules.ts";
import type { RunVariables } from "./parts.ts";

/** Marks the units of this domain among the others of the same agent. */
const domain = "apps";
const exitAction = Type.Union(exitActions.map((action) => Type.Literal(action)));

interface DefinedMeta {
  readonly kind: "defined";
  readonly appId: string;
  readonly name: string;
  readonly exit: ExitRules;
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
  const { argv, workingDirectory: cwd, env, secretEnv, metadata, limits } = definition;
  const isTemporary = intent.meta.kind === "temporary";
  return {
    id,
    revision,
    enabled,
    sandbox: "host",
    process: {
      argv,
      cwd,
      env: { ...env, ...secretEnv, ...valueOfEach(variables?.appName, intent.meta.name) },
      stdin:
        metadata === undefined ? "none" : { text: typeof metadata === "string" ? metadata : JSON.stringify(metadata) },
      user: osUser === "" ? undefined : osUser,
      limits,
    },
    envPerStart: {
      ...valueOfEach(variables?.secret, "secret" as const),
      ...valueOfEach(variables?.startedSeconds, "startedSeconds" as const),
    },
    restart: restartPolicyOf(isTemporary ? { action: "standby", byCode: {} } : definition.exit),
    timeoutMs: intent.timeoutMs,
    lifetimeMs: intent.lifetimeMs,
    keepRuns: isTemporary ? 0 : definition.keepOutputs,
    meta: { domain, ...intent.meta },
  };
}

function valueOfEach<T>(names: readonly string[] = [], value: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}
