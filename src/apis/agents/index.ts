/** What agents with certificates find on the listener that is theirs alone: the way in, and the renewal of what they show. TLS has let in only who shows
 *  a certificate of the agents' authority; whose it is, and whether it still counts, is found out here. No other credential counts. */

import { YardError } from "../../platform/errors.ts";
import type { Api, ApiInstance } from "../../platform/http/api.ts";
import { sendAgentError } from "./errors.ts";
import type { AgentsParts } from "./parts.ts";
import { registerConnectRoute } from "./routes/connect.ts";
import { registerRenewRoute } from "./routes/renew.ts";

export function agentsApi(parts: AgentsParts): Api {
  return {
    name: "agents",
    title: "Agents",
    version: parts.version,
    description: "How agents with certificates are connected to the yard.",
    pathPrefixes: ["/connect", "/certificate"],
    register(app: ApiInstance) {
      registerConnectRoute(app, parts);
      registerRenewRoute(app, parts);
    },
    sendError: sendAgentError,
    notFound: (request, reply) =>
      sendAgentError(
        new YardError("not_found", `There is no ${request.method} ${request.url.split("?", 1)[0]} for agents.`),
        request,
        reply,
      ),
  };
}
