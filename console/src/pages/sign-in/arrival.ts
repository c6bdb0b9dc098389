/** What a provider of sign-in has sent the browser back with: tokens in the fragment of the address, or the reason why there are none. */
import { keepSession } from "../../api/session.ts";

export interface Arrival {
  /** Why the provider's sign-in has come to nothing. */
  readonly refusal?: string;
}

/** Takes it out of the address, so that neither history nor a copied link has it. */
export function takeArrival(): Arrival {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const query = new URLSearchParams(location.search);
  const [token, refreshToken] = [fragment.get("sso_access"), fragment.get("sso_refresh")];
  const refusal = query.get("sso_error") ?? undefined;
  if (token === null && refusal === undefined) return {};
  history.replaceState(null, "", location.pathname);
  if (token && refreshToken) keepSession(token, refreshToken);
  return { refusal };
}
