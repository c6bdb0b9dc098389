/** An OpenID provider as companies run them, with a form to log in by, for one application. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { Provider } from "oidc-provider";

export interface OpenIdProviderServer extends AsyncDisposable {
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
  /** By their names: what is said of each. */
  readonly people: Map<string, Readonly<Record<string, unknown>>>;
}

/** @param redirectUris where it sends browsers back to, and nowhere else */
export async function startOpenIdProvider(redirectUris: readonly string[]): Promise<OpenIdProviderServer> {
  const people: OpenIdProviderServer["people"] = new Map();
  const client = { id: "the-yard", secret: randomBytes(24).toString("base64url") };
  const server = http.createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const provider = new Provider(issuer, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [...redirectUris] }],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig" }] },
    cookies: { keys: [randomBytes(24).toString("base64url")] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username", "groups"] },
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    ttl: { AccessToken: 60, Grant: 600, IdToken: 60, Interaction: 60, Session: 600 },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, name) => {
      const claims = people.get(name);
      return claims && { accountId: name, claims: async () => ({ sub: name, ...claims }) };
    },
    // The application is the company's own: nobody is asked whether it may know them.
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client!.clientId, accountId: oidc.session!.accountId! });
      grant.addOIDCScope("openid profile email");
      await grant.save();
      return grant;
    },
  });
  const respond = provider.callback();

  /** The page where people say who they are, and what it sends. */
  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "POST") {
      await provider.interactionDetails(request, response);
      response.setHeader("content-type", "text/html");
      response.end(`<form method="post" action="${request.url}"><input name="login"></form>`);
      return;
    }
    const name = new URLSearchParams(await readText(request)).get("login");
    const result = name
      ? { login: { accountId: name } }
      : { error: "access_denied", error_description: "the user would rather not" };
    await provider.interactionFinished(request, response, result);
  }

  server.on("request", (request, response) => {
    const answered = request.url?.startsWith("/interaction/")
      ? interact(request, response)
      : respond(request, response);
    answered.catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  return {
    ...{ issuer, client, people },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
