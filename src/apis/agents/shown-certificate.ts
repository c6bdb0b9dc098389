/** What the sender of a request has shown to TLS. */
import type { X509Certificate } from "node:crypto";
import { TLSSocket } from "node:tls";
import { YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";

/** @throws {YardError} unauthenticated: it came by a connection on which nobody has to show one */
export function certificateOf({ raw: { socket } }: ApiRequest): X509Certificate {
  const shown = socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (!shown) throw new YardError("unauthenticated", "An agent's certificate is needed here.");
  return shown;
}
