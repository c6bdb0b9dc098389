/** How a request names a port inside a capsule: by the name it is sent to, `{port}-{capsule}.{anything}`, or by the path
 *  `/v1/capsules/{capsule}/ports/{port}/…`. */
import type { IncomingMessage } from "node:http";

export interface PortAddress {
  readonly by: "name" | "path";
  /** As they were written: whether they are a port and a capsule's id is looked at later. */
  readonly port: string;
  readonly capsule: string;
  /** What is asked for there: path and query. */
  readonly path: string;
  /** The path under which the client sees the port's root. */
  readonly prefix: string;
}

const inName = /^(\d+)-(cl-[^.:]*)\./i;
const inPath = /^(\/v1\/capsules\/([^/?#]+)\/ports\/([^/?#]+))(?:\/|(?=\?|$))(.*)$/;

/** Asked for each request that the server gets. */
export function addressedByName({ headers, url = "" }: IncomingMessage): PortAddress | undefined {
  const [, port, capsule] = inName.exec(headers.host ?? "") ?? [];
  if (port === undefined || capsule === undefined) return undefined;
  return { by: "name", port, capsule: capsule.toLowerCase(), path: url, prefix: "" };
}

/** Asked for each request that the server gets. */
export function addressedByPath({ url = "" }: IncomingMessage): PortAddress | undefined {
  if (!url.startsWith("/v1/capsules/")) return undefined;
  const [, prefix, capsule, port, rest] = inPath.exec(url) ?? [];
  if (prefix === undefined || capsule === undefined || port === undefined) return undefined;
  return { by: "path", port, capsule, path: `/${rest ?? ""}`, prefix };
}
