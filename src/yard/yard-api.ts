/** What the yard's own API needs of its parts. */
import { createOwners } from "../apis/mcpv8/owners.ts";
import { callerFor } from "../apis/wrenn/callers.ts";
import { idFromWire, textToWire } from "../apis/wrenn/ids.ts";
import type { YardApiParts } from "../apis/yard/parts.ts";
import type { Apps } from "../apps/apps.ts";
import type { CapsuleScope, Capsules } from "../capsules/capsule.ts";
import type { Config } from "../config.ts";
import type { Hosts } from "../hosts/hosts.ts";
import type { Identity } from "../identity/identity.ts";
import type { Principal } from "../identity/principal.ts";
import type { TeamDirectory } from "../identity/team-directory.ts";
import type { Database } from "../platform/db/database.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import { bearerTokenOf } from "../platform/http/bearer.ts";
import type { Metrics } from "../platform/metrics.ts";
import type { Reserve } from "../platform/reserve.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";
import { defaultTreeLimits } from "../snapshots/working-tree.ts";
import { packageVersion } from "../version.ts";

interface YardApiSources {
  readonly config: Config;
  readonly identity: Identity;
  readonly apps: Apps;
  readonly console: YardApiParts["console"];
  readonly hosts: Hosts;
  readonly hostAgents: YardApiParts["hostAgents"]["hosts"];
  readonly database: Database;
  readonly metrics: Metrics;
  readonly snapshots: Snapshots;
  readonly capsules: Capsules;
  readonly teamDirectory: TeamDirectory;
  readonly essential: Reserve["essential"];
}

export function yardApiParts({
  config,
  identity,
  apps,
  console,
  hosts,
  hostAgents,
  database,
  metrics,
  snapshots,
  capsules,
  teamDirectory,
  essential,
}: YardApiSources): YardApiParts {
  async function memberScope(principal: Principal): Promise<CapsuleScope> {
    const caller = await callerFor(principal, teamDirectory);
    if (caller.role !== "viewer") return caller;
    throw new YardError("forbidden", "You may only look in this team. One of its admins can make you a member.");
  }

  return {
    version: packageVersion(),
    authenticate: ({ headers }) => {
      const token = bearerTokenOf(headers.authorization);
      if (!token)
        throw new YardError(
          "unauthenticated",
          "A token is needed: send one of any API's login as Authorization: Bearer.",
        );
      return identity.authenticator.recall(token) ?? identity.authenticator.authenticate(token);
    },
    ...{ apps, console, metrics, essential, audit: identity.audit, sessions: identity.sessions },
    hostAgents: { hosts: hostAgents, loginRate: config.loginRate },
    // Trees and the labels that name them belong together: whose they are is decided as it is for scripts.
    trees: { snapshots, teamOf: createOwners(identity.teams).teamOf, limits: defaultTreeLimits },
    // Templates are those of capsules, and so is whose they are.
    templates: { importTemplate: capsules.templates.import, scopeOf: memberScope },
    capsuleMoves: {
      move: (scope, id, wanted) => capsules.move(scope, id, wanted).catch(rethrowInUsersWords),
      async scopeFor(principal, capsuleId) {
        const capsule = principal.isAdmin ? await capsules.find(capsuleId) : undefined;
        if (!capsule) return memberScope(principal);
        const { userId: id, username: name } = principal;
        return { teamId: capsule.teamId, actor: { kind: "user", id, name } };
      },
      capsuleIdFromWire: (text) => idFromWire("capsule", text),
      hostFromWire: (text) => (/^host-[0-9a-z]{25}$/.test(text) ? idFromWire("host", text, "host") : text),
      hostName: (hostId) => hosts.list().find(({ id }) => id === hostId)?.name ?? null,
    },
    metricsOpen: config.metricsOpen,
    readiness: {
      database: () => database.kysely.selectFrom("settings").select("key").limit(1).execute(),
      agent: () => hosts.local.info(),
    },
  };
}

/** Users know capsules by the ids that Wrenn's API gives them. */
function rethrowInUsersWords(error: unknown): never {
  if (!isYardError(error)) throw error;
  const { code, message, field, retryAfterMs, details } = error;
  throw new YardError(code, textToWire(message), { field, retryAfterMs, details, cause: error });
}
