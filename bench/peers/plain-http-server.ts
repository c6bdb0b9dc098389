/** The peer of an authenticated read: a bare `node:http` handler that answers every request with the same reply, header
 *  for header and byte for byte what the yard answered, and does nothing else. The reply comes from the parent that forked it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface PlainReply {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
export interface PlainAddress {
  readonly port: number;
}

process.once("message", ({ headers, body }: PlainReply) => {
  const server = createServer((_request, response) => {
    response.writeHead(200, headers);
    response.end(body);
  });
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo;
    process.send?.({ port } satisfies PlainAddress);
  });
});
process.on("disconnect", () => process.exit());
