/** Connections to ports inside, relayed by nc(1) in there: so those that listen on the container's loopback alone are reached too, whatever its network. */
import { Duplex } from "node:stream";
import type { Engine } from "../../platform/docker/engine.ts";
import { YardError } from "../../platform/errors.ts";
import type { Attendants } from "./attendant.ts";
import { type EngineExec, startExec } from "./engine-exec.ts";
import { toolsPath } from "./inside/paths.ts";

const mostListBytes = 1024 * 1024;

/** @throws {YardError} unavailable, if nothing listens there */
export async function dialInside(
  { engine, container, attendants }: { engine: Engine; container: string; attendants: Attendants },
  port: number,
): Promise<Duplex> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new YardError("invalid", `${port} is no port.`, { field: "port" });
  }
  const listed = await attendants.ask({ operation: "listeners", args: [`${port}`] }, async ({ nonce, reader }) =>
    reader.until(`${nonce}.\n`, { mostBytes: mostListBytes }),
  );
  const address = addressIn(listed?.toString() ?? "");
  if (address === undefined) {
    throw new YardError("unavailable", `Nothing listens on port ${port} in the sandbox.`, { field: "port" });
  }
  const argv = [`${toolsPath}/bin/nc`, address, `${port}`];
  return connectionOf(await startExec(engine, container, { argv, user: "65534:65534" }));
}

function connectionOf({ input, output, errors, release }: EngineExec): Duplex {
  errors.resume();
  const connection = new Duplex({
    read: () => void output.resume(),
    write: (chunk: Buffer, _encoding, done) => void input.write(chunk, done),
    final: (done) => void (input.destroyed ? done() : input.end(done)),
    destroy(error, done) {
      release();
      done(error);
    },
  });
  output.on("data", (bytes: Buffer) => {
    if (!connection.push(bytes)) output.pause();
  });
  output.once("end", () => connection.push(null));
  connection.on("error", () => {}); // whoever writes to it hears it all the same; nobody else needs to
  return connection;
}

/** Where to reach whoever listens, as the kernel names it: in words of the machine's byte order. */
function addressIn(listed: string): string | undefined {
  const listeners = listed.split("\n").map((line) => line.split(" "));
  const onFour = listeners.find(([family]) => family === "tcp")?.[1];
  if (onFour !== undefined) return onFour === "00000000" ? "127.0.0.1" : addressOf(onFour);
  const isOnSix = listeners.some(([family]) => family === "tcp6");
  const isOnAnySix = listeners.some(([family, at]) => family === "tcp6" && at === "0".repeat(32));
  if (isOnAnySix) return "127.0.0.1"; // takes both, unless told otherwise
  return isOnSix ? "::1" : undefined;
}

function addressOf(hex: string): string {
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(".");
}
