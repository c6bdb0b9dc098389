/** Settings that are addresses: each is checked, and kept as it is written. */
import { isIP } from "node:net";
import { type ListenSpec, parseListenSpec } from "../platform/http/listen-spec.ts";
import { networksOf } from "../platform/http/outgoing/addresses.ts";
import { parseTarget } from "../platform/http/target.ts";
import { wrong } from "./values.ts";

export function listenSpec(text: string): string {
  parseListenSpec(text, false);
  return text;
}

/** App Mesh's own port. */
const forwardPort = 6_060;

export function forwardTarget(text: string): ListenSpec {
  return parseTarget(text, { secure: true, port: forwardPort });
}

export function httpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if ((url?.protocol !== "http:" && url?.protocol !== "https:") || url.username !== "" || url.pathname !== "/")
    throw wrong("must be a URL like https://host:9000, without a path");
  return url.origin;
}

export function apiUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if ((url?.protocol !== "http:" && url?.protocol !== "https:") || url.username !== "" || url.search !== "")
    throw wrong("must be a URL like https://host/api/v3");
  return url.href.replace(/\/$/, "");
}

export function databaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "postgres:" && url?.protocol !== "postgresql:")
    throw wrong("must be a URL like postgres://user:password@host:5432/database");
  return text;
}

export function redisUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if ((url?.protocol !== "redis:" && url?.protocol !== "rediss:") || url.host === "")
    throw wrong("must be a URL like redis://user:password@host:6379");
  return text;
}

export function redisAddress(text: string): string {
  const url = URL.canParse(`redis://${text}`) ? new URL(`redis://${text}`) : undefined;
  if (url?.host !== text || url.port === "") throw wrong("must be host:port");
  return text;
}

export function agentsAddress(text: string): string {
  const url = URL.canParse(`wss://${text}`) ? new URL(`wss://${text}`) : undefined;
  if (url === undefined || url.host === "" || url.pathname !== "/" || url.username !== "" || url.search !== "")
    throw wrong("must be host:port");
  return text;
}

export function withoutPassword(text: string): string {
  const url = new URL(text);
  if (url.password !== "") url.password = "hidden";
  for (const name of url.searchParams.keys()) if (/password|key/i.test(name)) url.searchParams.set(name, "hidden");
  return url.toString();
}

export function network(text: string): string {
  try {
    networksOf([text]);
  } catch {
    throw wrong(`"${text}" is no address or network, as in 10.0.0.7 or fd00::/8`);
  }
  return text;
}

export function proxyAddress(text: string): string {
  const [address = "", bits] = text.split("/", 2);
  const family = isIP(address);
  if (family === 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))) {
    throw wrong(`"${text}" is no address or network, as in 10.0.0.7 or 10.0.0.0/8`);
  }
  return text;
}
