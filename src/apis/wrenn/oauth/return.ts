/** The way back to the pages that began a login: with a token, or with why there is none. */
import type { Static } from "typebox";
import type { ApiReply, ApiRequest } from "../../../platform/http/api.ts";
import { originOf } from "../../../platform/http/origin.ts";
import type { AuthReply } from "../accounts.ts";
import type { Refusal } from "./entry.ts";

export interface ReturnSettings {
  /** An origin; where the request came in, if undefined. */
  readonly frontendUrl: string | undefined;
  /** Whether the token stands in the URL too, where documents promise it; it then is in the browser's history. */
  readonly inQuery: boolean;
}

/** The pages take what they find there and remove it. */
const cookieAttributes = { path: "/auth/", maxAge: 60, httpOnly: false, sameSite: "lax" } as const;

export interface Return {
  withToken(request: ApiRequest, reply: ApiReply, provider: string, auth: Static<typeof AuthReply>): ApiReply;
  refused(request: ApiRequest, reply: ApiReply, provider: string, reason: Refusal): ApiReply;
}

export function createReturn({ frontendUrl, inQuery }: ReturnSettings): Return {
  function redirect(request: ApiRequest, reply: ApiReply, provider: string, query: Readonly<Record<string, string>>) {
    const page = new URL(`/auth/${provider}/callback`, frontendUrl ?? originOf(request));
    for (const [name, value] of Object.entries(query)) page.searchParams.set(name, value);
    reply.header("cache-control", "no-store").header("referrer-policy", "no-referrer");
    return reply.redirect(page.href, 302);
  }

  return {
    withToken(request, reply, provider, auth) {
      for (const [name, value] of Object.entries(auth))
        reply.setCookie(`wrenn_oauth_${name}`, value, { ...cookieAttributes, secure: "auto" });
      return redirect(request, reply, provider, inQuery ? auth : {});
    },
    refused: (request, reply, provider, reason) => redirect(request, reply, provider, { error: reason }),
  };
}
