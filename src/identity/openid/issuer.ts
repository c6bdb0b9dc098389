/** Addresses of OpenID providers, and which of them may be asked without TLS. */
import { YardError } from "../../platform/errors.ts";
import { isLoopbackName } from "../../platform/http/local-request.ts";
import { hostOf } from "../../platform/http/outgoing/guarded-request.ts";

const mostCharacters = 1_024;
/** People paste the address of the document, too. */
const wellKnown = /\/\.well-known\/openid-configuration\/?$/;

/** As it was written, so that a slash at its end is or is not there. @throws {YardError} invalid */
export function requireIssuer(text: string, field = "issuer"): string {
  const issuer = text.trim().replace(wellKnown, "");
  const url = issuer.length > mostCharacters ? null : URL.parse(issuer);
  const isPlain = url && !url.username && !url.password && !url.search && !url.hash && !/[\s#?]/.test(issuer);
  if (isPlain && isSafeToAsk(url)) return issuer;
  const advice = "Write it as https://login.example, or with a path; without TLS only on the yard's own machine.";
  throw new YardError("invalid", `Not the address of an OpenID provider. ${advice}`, { field });
}

/** Secrets and what says who somebody is go over TLS, unless they stay on the machine. */
export function isSafeToAsk(url: URL): boolean {
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopbackName(hostOf(url)));
}
