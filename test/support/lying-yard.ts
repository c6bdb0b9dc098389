/** Something at a yard's address that answers in its own way. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

export interface LyingYard extends AsyncDisposable {
  readonly url: string;
  /** Settings by which a command takes it for its yard. */
  readonly env: { readonly RUNYARD_URL: string; readonly RUNYARD_TOKEN: string };
}

export async function lyingYard(answer: RequestListener): Promise<LyingYard> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    env: { RUNYARD_URL: url, RUNYARD_TOKEN: "secret" },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
