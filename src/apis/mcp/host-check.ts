/** Which names a request may ask for. A foreign page in somebody's browser can let its own name resolve to our address (DNS rebinding); it then
 *  asks under that name, which we do not know. An address cannot be made to resolve to another one. */
import { isIP } from "node:net";
import { YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { hostnameOf, isLoopbackName } from "../../platform/http/local-request.ts";

export type HostCheck = (request: ApiRequest) => void;

/** @param names of this machine, besides the loopback names */
export function createHostCheck(names: readonly string[]): HostCheck {
  const known = new Set(names.map((name) => name.toLowerCase()));
  const isOurs = (name: string) => isLoopbackName(name) || known.has(name);

  /** @throws {YardError} forbidden */
  return ({ raw: { headers } }) => {
    const host = hostnameOf(headers.host ?? "");
    if (!isOurs(host) && isIP(host) === 0) throw foreign("Host", headers.host);
    const { origin } = headers;
    if (origin === undefined) return;
    const page = URL.canParse(origin) ? hostnameOf(new URL(origin).host) : "";
    if (page === "" || !(isOurs(page) || page === host)) throw foreign("Origin", origin);
  };
}

function foreign(header: string, value = ""): YardError {
  return new YardError(
    "forbidden",
    `${header} ${JSON.stringify(value.slice(0, 100))} is not a name of this server; the setting mcp.hosts adds one.`,
  );
}
