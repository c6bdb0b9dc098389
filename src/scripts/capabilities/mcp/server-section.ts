/** `mcp` in a policy. */
import { type Static, Type } from "typebox";
import { networksOf } from "../../../platform/http/outgoing/addresses.ts";
import { parseHostPattern } from "../host-pattern.ts";
import { type Complain, type Place, readEach } from "../policy-document.ts";
import { closed, mebibyte, requireNetwork, texts, timeoutSeconds } from "../policy-terms.ts";
import { parseTextPattern } from "../text-pattern.ts";
import type { McpPolicy, McpServer } from "./server-policy.ts";

const ServerEntry = Type.Object(
  {
    name: Type.String({ pattern: "^[A-Za-z0-9][\\w-]{0,63}$" }),
    url: Type.String({ maxLength: 1_000 }),
    headers: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[\\w-]{1,100}$" }),
        Type.String({ pattern: "^[\\x20-\\x7e]{1,8000}$" }),
        closed,
      ),
    ),
    tools: texts,
    networks: Type.Optional(texts),
  },
  closed,
);

export const McpSection = Type.Object(
  {
    servers: Type.Array(ServerEntry, { maxItems: 100 }),
    "timeout-seconds": Type.Optional(timeoutSeconds),
    "max-response-mib": Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
  },
  closed,
);

const defaults = { timeoutSeconds: 30, maxResponseMib: 4 };

export function readMcpSection(section: Static<typeof McpSection>, complain: Complain): McpPolicy {
  const names = section.servers.map(({ name }) => name);
  const servers = section.servers.flatMap((server, index) => {
    const place = ["mcp", "servers", index];
    if (names.indexOf(server.name) < index) complain([...place, "name"], `there are two servers of this name`);
    return readServer(server, place, complain) ?? [];
  });
  return {
    servers,
    timeoutMs: (section["timeout-seconds"] ?? defaults.timeoutSeconds) * 1_000,
    maxResponseBytes: (section["max-response-mib"] ?? defaults.maxResponseMib) * mebibyte,
  };
}

function readServer(
  { name, url: text, headers = {}, tools, networks = [] }: Static<typeof ServerEntry>,
  place: Place,
  complain: Complain,
): McpServer | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || `${url.username}${url.password}${url.hash}` !== "") {
    // Not what it is: there may be a password in it.
    complain([...place, "url"], "this is no address of a server; write https://host/path, and credentials in headers");
    return undefined;
  }
  return {
    ...{ name, url },
    hosts: [parseHostPattern(url.origin)],
    headers: Object.entries(headers),
    tools: tools.map(parseTextPattern),
    networks: networksOf(readEach(networks, { place: [...place, "networks"], complain }, requireNetwork)),
  };
}
