/** Where to listen, as people write it: `127.0.0.1:7700`, `[::1]:7700`, `https://0.0.0.0:6060`. */
import { YardError } from "../errors.ts";

export interface ListenSpec {
  readonly secure: boolean;
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

const shape = /^(?:(https?):\/\/)?(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})\/?$/;

/** @param secureByDefault what a text without `http://` or `https://` means
 *  @throws {YardError} invalid */
export function parseListenSpec(text: string, secureByDefault: boolean): ListenSpec {
  const [, scheme, ipv6, name, port] = shape.exec(text.trim()) ?? [];
  const host = ipv6 ?? name;
  if (host === undefined || Number(port) > 65_535) {
    throw new YardError(
      "invalid",
      `"${text}" is not an address to listen on; write host:port, as in 127.0.0.1:7700 or https://0.0.0.0:6060`,
    );
  }
  return { secure: scheme === undefined ? secureByDefault : scheme === "https", host, port: Number(port) };
}

export function formatUrl({ secure, host, port }: ListenSpec): string {
  return `${secure ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
