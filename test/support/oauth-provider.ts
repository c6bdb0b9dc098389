/** A server that speaks OAuth as GitHub does, for one application, with the users that a test gives it. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";

export interface Outsider {
  readonly id: number;
  readonly login: string;
  readonly name?: string | null;
  readonly emails: readonly { readonly email: string; readonly primary: boolean; readonly verified: boolean }[];
}

export interface TestOAuthProvider extends AsyncDisposable {
  readonly url: string;
  /** Who agrees to the next login. */
  user: Outsider;
  /** What the pages of it were asked for. */
  readonly authorizations: URLSearchParams[];
  /** Instead of its answer to the next exchange of a code. */
  failure: { readonly status: number; readonly body: string } | undefined;
}

export const application = { id: "the-app", secret: "its secret" } as const;

export async function startOAuthProvider(user: Outsider): Promise<TestOAuthProvider> {
  const codes = new Map<string, { user: Outsider; redirectUri: string }>();
  const tokens = new Map<string, Outsider>();

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    provider.authorizations.push(query);
    const redirectUri = query.get("redirect_uri") ?? "";
    const code = randomUUID();
    codes.set(code, { user: provider.user, redirectUri });
    const back = new URL(redirectUri);
    back.search = new URLSearchParams({ code, state: query.get("state") ?? "" }).toString();
    response.writeHead(302, { location: back.href }).end();
  }

  function exchange(form: URLSearchParams, response: ServerResponse): void {
    const grant = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? ""); // good once
    const isOurs = form.get("client_id") === application.id && form.get("client_secret") === application.secret;
    if (isOurs && grant && grant.redirectUri === form.get("redirect_uri")) {
      const token = randomUUID();
      tokens.set(token, grant.user);
      sendJson(response, 200, { access_token: token, token_type: "bearer", scope: "user:email" });
    } else sendJson(response, 200, { error: "bad_verification_code" }); // as GitHub does, with 200
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://provider.test");
    if (pathname === "/login/oauth/authorize") return authorize(searchParams, response);
    if (pathname === "/login/oauth/access_token") {
      const form = new URLSearchParams(await readText(request));
      const { failure } = provider;
      if (failure) return void response.writeHead(failure.status).end(failure.body);
      return exchange(form, response);
    }
    const known = tokens.get((request.headers.authorization ?? "").replace("Bearer ", ""));
    if (!known) return sendJson(response, 401, { message: "Bad credentials" });
    const { emails, ...profile } = known;
    if (pathname === "/api/v3/user") return sendJson(response, 200, profile);
    if (pathname === "/api/v3/user/emails") return sendJson(response, 200, emails);
    sendJson(response, 404, { message: "Not Found" });
  }

  const server = http.createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const provider: TestOAuthProvider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ user, authorizations: [], failure: undefined },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return provider;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
