/** Another server, as people write it: `node7`, `10.0.0.7:6060`, `[fd00::7]`, `https://node7:6060`. */
import { YardError } from "../errors.ts";
import { type ListenSpec, parseListenSpec } from "./listen-spec.ts";

/** @param missing what a text without scheme or port means
 *  @returns addresses in their usual form, however they were written: `0x7f.1` is `127.0.0.1`
 *  @throws {YardError} invalid */
export function parseTarget(text: string, missing: { readonly secure: boolean; readonly port: number }): ListenSpec {
  const trimmed = text.trim().replace(/\/$/, "");
  try {
    const spec = parseListenSpec(/:\d{1,5}$/.test(trimmed) ? trimmed : `${trimmed}:${missing.port}`, missing.secure);
    const { hostname } = new URL(`http://${spec.host.includes(":") ? `[${spec.host}]` : spec.host}`);
    return { ...spec, host: hostname.replace(/^\[|\]$/g, "") };
  } catch (cause) {
    throw new YardError("invalid", `"${text}" is no server; write host, host:port or https://host:port`, { cause });
  }
}
