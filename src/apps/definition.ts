/** App definitions at rest: JSON with the secret variables sealed, in the database and in the units of temporary apps. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { YardError } from "../platform/errors.ts";
import { type AppDefinition, exitActions } from "./app.ts";
import type { SecretBox } from "./parts.ts";

const text = Type.String();
const texts = Type.Record(text, text);
const exitAction = Type.Union(exitActions.map((action) => Type.Literal(action)));
const duration = Type.Object({ text, ms: Type.Integer() });
const schedule = Type.Union([
  Type.Object({ kind: Type.Literal("interval"), every: duration, from: Type.Integer() }),
  Type.Object({ kind: Type.Literal("cron"), expression: text }),
]);
const window = Type.Object({
  from: Type.Optional(Type.Integer()),
  until: Type.Optional(Type.Integer()),
  daily: Type.Optional(Type.Object({ startSeconds: Type.Integer(), endSeconds: Type.Integer() })),
});
const container = Type.Object({
  image: text,
  network: Type.Optional(text),
  hostname: Type.Optional(text),
  extraHosts: Type.Optional(Type.Array(text)),
  ports: Type.Optional(
    Type.Record(
      text,
      Type.Array(Type.Object({ hostIp: Type.Optional(text), hostPort: Type.Optional(Type.Integer()) })),
    ),
  ),
  user: Type.Optional(text),
  env: Type.Optional(texts),
});
const sharing = Type.Union([Type.Literal("none"), Type.Literal("read"), Type.Literal("write")]);

export const sealedDefinitionSchema = Type.Object({
  argv: Type.Array(text),
  command: text,
  shell: Type.Boolean(),
  sessionLogin: Type.Boolean(),
  description: Type.Optional(text),
  metadata: Type.Optional(Type.Unknown()),
  workingDirectory: Type.Optional(text),
  container: Type.Optional(container),
  env: texts,
  /** All secret variables, as one sealed JSON object; absent if there are none. */
  sealedEnv: Type.Optional(text),
  exit: Type.Object({ action: exitAction, byCode: Type.Record(text, exitAction) }),
  keepOutputs: Type.Integer(),
  limits: Type.Optional(
    Type.Object({
      memoryBytes: Type.Optional(Type.Number()),
      memoryAndSwapBytes: Type.Optional(Type.Number()),
      cpuShares: Type.Optional(Type.Number()),
      cpus: Type.Optional(Type.Number()),
      processes: Type.Optional(Type.Number()),
    }),
  ),
  schedule: Type.Optional(schedule),
  window: Type.Optional(window),
  retention: Type.Optional(duration),
  healthCheck: Type.Optional(Type.Object({ command: text, argv: Type.Array(text) })),
  registeredAt: Type.Optional(Type.Integer()),
  version: Type.Optional(Type.Integer()),
  sharing: Type.Optional(Type.Object({ team: sharing, others: sharing })),
});
export type SealedDefinition = Omit<AppDefinition, "secretEnv"> & { readonly sealedEnv?: string };

const sealedDefinition = Compile(sealedDefinitionSchema);
const secretVariables = Compile(texts);

export function sealDefinition(definition: AppDefinition, appId: string, secrets: SecretBox): SealedDefinition {
  const { secretEnv, ...open } = definition;
  if (Object.keys(secretEnv).length === 0) return open;
  return { ...open, sealedEnv: secrets.seal(JSON.stringify(secretEnv), placeOf(appId)) };
}

/** @throws {YardError} internal, if the secrets do not open here */
export function openDefinition(sealed: SealedDefinition, appId: string, secrets: SecretBox): AppDefinition {
  const { sealedEnv, ...open } = sealed;
  if (sealedEnv === undefined) return { ...open, secretEnv: {} };
  const secretEnv: unknown = JSON.parse(secrets.open(sealedEnv, placeOf(appId)));
  if (!secretVariables.Check(secretEnv)) throw new YardError("internal", `the secrets of app ${appId} cannot be read`);
  return { ...open, secretEnv };
}

/** @throws {YardError} internal, if it is not what `sealDefinition` made */
export function parseSealedDefinition(json: string, appId: string): SealedDefinition {
  const value: unknown = JSON.parse(json);
  if (sealedDefinition.Check(value)) return value;
  throw new YardError("internal", `the stored definition of app ${appId} cannot be read`);
}

function placeOf(appId: string): string {
  return `apps.definition:${appId}`;
}
