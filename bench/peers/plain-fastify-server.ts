/** The peer of a list: a bare Fastify handler that returns the same value at every request, which Fastify then serialises, and does nothing
 *  else. The value comes as JSON from the parent that forked it. */
import type { AddressInfo } from "node:net";
import fastify from "fastify";
import type { PlainAddress } from "./plain-http-server.ts";

export interface FastifyReply {
  readonly path: string;
  readonly json: string;
}

process.once("message", async ({ path, json }: FastifyReply) => {
  const value: unknown = JSON.parse(json);
  const app = fastify();
  app.get(path, async () => value);
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  process.send?.({ port } satisfies PlainAddress);
});
process.on("disconnect", () => process.exit());
