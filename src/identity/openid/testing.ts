/** An OpenID provider for tests, which lies when it is told to. Whoever comes to it is whom the test says, without being asked. */
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, BlockList } from "node:net";
import { text as readText } from "node:stream/consumers";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export interface TestProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
  /** Of whoever comes next; `sub` is needed. */
  claims: Readonly<Record<string, unknown>>;
  /** What of it only the userinfo endpoint tells. */
  userinfo: Readonly<Record<string, unknown>>;
  /** What is otherwise in the next ID tokens. */
  lies: Readonly<Record<string, unknown>>;
  /** Signs with a key that it does not publish. */
  signsWithAnotherKey: boolean;
  /** What is otherwise in its discovery document. With `token_endpoint_auth_methods_supported` it wants secrets in bodies. */
  metadata: Readonly<Record<string, unknown>>;
  /** Answers in its place. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Paths that it was asked for, in order. */
  readonly asked: string[];
  /** What the browser comes back with that was sent there. */
  visit(url: string): URLSearchParams;
}

export const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");

interface Issued {
  readonly nonce: string;
  readonly challenge: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly userinfo: Readonly<Record<string, unknown>>;
}

export async function startTestProvider(): Promise<TestProvider> {
  const [own, other] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
  const key = { ...(await exportJWK(own.publicKey)), kid: "own", alg: "RS256", use: "sig" };
  const codes = new Map<string, Issued>();
  const tokens = new Map<string, Issued>();
  const client = { id: "the-yard", secret: "its+very secret" };

  async function idToken({ claims, nonce }: Issued): Promise<string> {
    const { issuer, lies, signsWithAnotherKey } = provider;
    const now = Math.floor(Date.now() / 1_000);
    return new SignJWT({ ...{ iss: issuer, aud: client.id, nonce, iat: now, exp: now + 300, ...claims }, ...lies })
      .setProtectedHeader({ alg: "RS256", kid: "own" })
      .sign((signsWithAnotherKey ? other : own).privateKey);
  }

  async function exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await readText(request));
    const inBody = provider.metadata.token_endpoint_auth_methods_supported !== undefined;
    const [name, password] = inBody
      ? [form.get("client_id"), form.get("client_secret")]
      : basicOf(request.headers.authorization);
    const issued = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? ""); // good once
    const verifier = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    if (name !== client.id || password !== client.secret) return send(response, 401, { error: "invalid_client" });
    if (issued?.challenge !== verifier) return send(response, 400, { error: "invalid_grant" });
    const token = randomUUID();
    tokens.set(token, issued);
    send(response, 200, { access_token: token, token_type: "Bearer", id_token: await idToken(issued) });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    provider.asked.push(path);
    if (provider.intercept?.(request, response)) return;
    const { issuer } = provider;
    if (path === "/.well-known/openid-configuration")
      return send(response, 200, {
        ...{ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` },
        ...{ jwks_uri: `${issuer}/jwks`, userinfo_endpoint: `${issuer}/userinfo` },
        ...{ response_types_supported: ["code"], subject_types_supported: ["public"] },
        ...provider.metadata,
      });
    if (path === "/jwks") return send(response, 200, { keys: [key] });
    if (path === "/token") return exchange(request, response);
    const known = tokens.get((request.headers.authorization ?? "").replace("Bearer ", ""));
    if (known) send(response, 200, { sub: known.claims.sub, ...known.userinfo });
    else send(response, 401, { error: "invalid_token" });
  }

  const server = http.createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const provider: TestProvider = {
    ...{ issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, client },
    ...{ claims: { sub: "1" }, userinfo: {}, lies: {}, metadata: {}, asked: [] },
    ...{ signsWithAnotherKey: false, intercept: undefined },
    visit(url) {
      const asked = new URL(url).searchParams;
      const code = randomUUID();
      const { claims, userinfo } = provider;
      codes.set(code, {
        ...{ claims, userinfo, nonce: asked.get("nonce") ?? "", challenge: asked.get("code_challenge") ?? "" },
      });
      return new URLSearchParams({ code, state: asked.get("state") ?? "" });
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return provider;
}

/** Both parts are encoded as in forms. @see RFC 6749, section 2.3.1 */
function basicOf(authorization = ""): readonly string[] {
  const parts = Buffer.from(authorization.slice("Basic ".length), "base64").toString().split(":");
  return parts.map((part) => decodeURIComponent(part.replaceAll("+", " ")));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
