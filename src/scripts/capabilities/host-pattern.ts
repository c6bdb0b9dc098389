/** Hosts as a policy names them: `api.example.com`, `*.example.com` (not example.com itself), `https://example.com:8443`, `127.0.0.1:*`, `*`. */
import { isIP } from "node:net";

export interface HostPattern {
  readonly protocol: "http:" | "https:" | undefined;
  /** In its usual form: lower case, punycode, addresses in brackets where they are IPv6. */
  readonly name: string;
  readonly match: "name" | "subdomains" | "all";
  /** Undefined: the one that the protocol has. */
  readonly port: string | "any" | undefined;
}

const shape = /^(?:(https?:)\/\/)?(\*\.)?(\*|\[[^\]]+\]|[^\s*/?#@:[\]\\]+)(?::(\d{1,5}|\*))?$/;

/** @throws {RangeError} */
export function parseHostPattern(text: string): HostPattern {
  const [, protocol, wildcard, host = "", port] = shape.exec(text) ?? [];
  const isAll = host === "*" && wildcard === undefined;
  const name = isAll ? "*" : host === "*" ? undefined : usualName(host);
  if (name === undefined || (wildcard !== undefined && isIP(name.replace(/^\[|\]$/g, "")) !== 0))
    throw new RangeError(`"${text}" is no host; write host, *.host, host:port or https://host`);
  return {
    protocol: protocol as HostPattern["protocol"],
    name,
    match: isAll ? "all" : wildcard === undefined ? "name" : "subdomains",
    port: port === "*" ? "any" : port,
  };
}

function usualName(host: string): string | undefined {
  try {
    return new URL(`http://${host}/`).hostname;
  } catch {
    return undefined;
  }
}

export function matchesHost(pattern: HostPattern, url: URL): boolean {
  if (pattern.protocol !== undefined && pattern.protocol !== url.protocol) return false;
  const usualPort = url.protocol === "https:" ? "443" : "80";
  if (pattern.port !== "any" && (url.port || usualPort) !== (pattern.port ?? usualPort)) return false;
  switch (pattern.match) {
    case "all":
      return true;
    case "name":
      return url.hostname === pattern.name;
    case "subdomains":
      return url.hostname.endsWith(`.${pattern.name}`);
  }
}
