/** What the MCP endpoint needs of the rest of the yard. */
import { hostname } from "node:os";
import { createIdentify } from "../apis/mcpv8/callers.ts";
import { llmsText } from "../apis/mcpv8/llms-text.ts";
import { createOwners } from "../apis/mcpv8/owners.ts";
import * as scriptSchemas from "../apis/mcpv8/schemas.ts";
import * as scriptWords from "../apis/mcpv8/translate.ts";
import type { Config } from "../config.ts";
import type { Identity } from "../identity/identity.ts";
import type { Clock } from "../platform/clock.ts";
import type { Reserve } from "../platform/reserve.ts";
import { packageVersion } from "../version.ts";

interface McpSources {
  readonly config: Config;
  readonly identity: Identity;
  readonly essential: Reserve["essential"];
  readonly clock: Clock;
}

/** Models are told of executions in the words of the REST API, and let in as its clients are. */
export function mcpParts({ config, identity, essential, clock }: McpSources) {
  return {
    ...{ essential, clock, version: packageVersion(), audit: identity.audit },
    ...{ mode: config.mcp.mode, keepHeaps: config.scripts.keepHeaps },
    hosts: [...config.mcp.hosts, hostname(), ...config.listen.map(({ host }) => host)],
    identify: createIdentify({
      authenticator: identity.authenticator,
      owners: createOwners(identity.teams),
      open: config.scripts.open,
    }),
    ...{ words: scriptWords, schemas: scriptSchemas, restGuide: llmsText },
  };
}
