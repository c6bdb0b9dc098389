/** URLs that reach this server from where the requester is. */
import { isIPv6 } from "node:net";
import type { ApiRequest } from "./api.ts";

/** @param url absolute already, where another server has the files; or a path and a query of this one, which the requester then asks by the name
 *  under which it has reached us. Of a proxy that is trusted, by the proxy's. */
export function absoluteUrl(request: ApiRequest, url: string): string {
  return new URL(url, originOf(request)).href;
}

/** By what name the requester has reached us, or the address, where none was given: `https://yard.example`. */
export function originOf(request: ApiRequest): string {
  const asked = `${request.protocol}://${request.host}`;
  return new URL(URL.canParse(asked) ? asked : `${request.protocol}://${ownAddress(request)}`).origin;
}

/** Of clients that name no host. */
function ownAddress({ socket: { localAddress = "127.0.0.1", localPort } }: ApiRequest): string {
  return `${isIPv6(localAddress) ? `[${localAddress}]` : localAddress}:${localPort}`;
}
