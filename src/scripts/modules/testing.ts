/** For tests: a real server of modules on this machine, which any name with the ending `.test` leads to. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Resolve } from "../../platform/http/outgoing/guarded-request.ts";

export type Serve = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

export interface ModuleServer extends Disposable {
  readonly port: number;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** @param path with the slash at its beginning */
  url(path: string, host?: string): string;
}

/** @param pages by path: the text of a module, or what answers */
export async function serveModules(pages: Readonly<Record<string, string | Serve>>): Promise<ModuleServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://here");
    asked.push(request.url ?? "");
    const page = pages[url.pathname] ?? pages["*"];
    if (typeof page === "function") page(request, response, url);
    else if (page === undefined) response.writeHead(404).end("a page of the server's own");
    else response.setHeader("content-type", "text/javascript").end(page);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    asked,
    url: (path, host = "here.test") => `http://${host}:${port}${path}`,
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

export const toHere: Resolve = async () => [{ address: "127.0.0.1", family: 4 }];
