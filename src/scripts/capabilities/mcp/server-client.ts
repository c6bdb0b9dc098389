/** The protocol's own library, connected to one server. Loaded when it is first needed. */
import { Client, type JsonSchemaValidator, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { packageVersion } from "../../../version.ts";
import { createServerFetch, type ServerFetchOptions } from "./server-fetch.ts";
import type { McpServer } from "./server-policy.ts";

export { callFailure } from "./call-failure.ts";

export interface ConnectOptions extends ServerFetchOptions {
  /** Of connecting, in milliseconds. */
  readonly timeout: number;
}

/** Speaks whichever generation of the protocol the server does. Closed when `signal` is aborted. */
export async function connectToServer(server: McpServer, options: ConnectOptions): Promise<Client> {
  const { signal, timeout } = options;
  const client = new Client(
    { name: "runyard", version: packageVersion() },
    { versionNegotiation: { mode: "auto" }, jsonSchemaValidator: trusting },
  );
  signal.addEventListener("abort", () => void client.close().catch(() => {}), { once: true });
  const transport = new StreamableHTTPClientTransport(server.url, { fetch: createServerFetch(server, options) });
  await client.connect(transport, { signal, timeout });
  return client;
}

/** Schemas of others are not compiled in this process: the script may look at what it gets. */
const trusting = {
  getValidator:
    <T>(): JsonSchemaValidator<T> =>
    (input) => ({ valid: true, data: input as T, errorMessage: undefined }),
};
