/** Who reaches which port: from what a request says to a connection inside the capsule. */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { Capsule, Inside } from "../../../capsules/capsule.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import { idFromWire } from "../ids.ts";
import type { Destination } from "./heads.ts";
import type { PortAddress } from "./port-address.ts";

export interface PortsParts {
  readonly capsules: {
    find(id: string): Promise<NamedCapsule | undefined>;
    enter(teamId: string, id: string): Promise<Pick<Inside, "dial">>;
  };
  /** Whether a port's name is all that is needed to reach it. */
  readonly openPorts: boolean;
  readonly guards: {
    admitHeaders(headers: IncomingHttpHeaders, permission: "capsules.run"): Promise<{ readonly teamId: string }>;
  };
}

type NamedCapsule = Pick<Capsule, "id" | "teamId" | "status">;

export interface CapsulePorts {
  /** @throws {YardError} invalid (port, id), unauthenticated, not_found, conflict (it does not run), unavailable (its host is away),
   *  interrupted (nothing listens there) */
  open(address: PortAddress, request: IncomingMessage): Promise<Way>;
}

/** A connection to a port, closed with it. */
export interface Way extends AsyncDisposable {
  readonly connection: Duplex;
  readonly destination: Destination;
}

/** A server that has just been started listens a moment later. */
const retryAfterMs = [100, 200];

export function createCapsulePorts({ capsules, openPorts, guards }: PortsParts): CapsulePorts {
  async function capsuleOf(address: PortAddress, teamId: string | undefined): Promise<NamedCapsule> {
    const capsule = await capsules.find(idFromWire("capsule", address.capsule));
    if (!capsule || (teamId !== undefined && teamId !== capsule.teamId)) {
      throw new YardError("not_found", `There is no capsule ${address.capsule}.`);
    }
    if (capsule.status === "missing") throw new YardError("unavailable", "The capsule's host cannot be reached.");
    if (capsule.status === "running") return capsule;
    throw new YardError("conflict", `The capsule is ${capsule.status}; only a running one answers.`);
  }

  return {
    async open(address, request) {
      const needsCredential = address.by === "path" || !openPorts;
      const caller = needsCredential ? await guards.admitHeaders(request.headers, "capsules.run") : undefined;
      const port = portFrom(address.port);
      refuseUnclear(request, address);
      const { id, teamId } = await capsuleOf(address, caller?.teamId);
      const connection = await dial(await capsules.enter(teamId, id), port);
      return {
        connection,
        destination: {
          port,
          path: address.path,
          prefix: address.prefix,
          withheld: withheldOf(request, address, needsCredential),
        },
        [Symbol.asyncDispose]: async () => void connection.destroy(),
      };
    },
  };
}

/** @throws {YardError} invalid */
function portFrom(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new YardError("invalid", "A port is a number from 1 to 65535.");
}

/** What could be read in two ways is refused, or two servers would read it differently. @throws {YardError} invalid */
function refuseUnclear({ headers, method }: IncomingMessage, { path }: PortAddress): void {
  if (!path.startsWith("/") && !(path === "*" && method === "OPTIONS")) {
    throw new YardError("invalid", "The request has to name a path.");
  }
  const isEmpty = headers["transfer-encoding"] === undefined && (headers["content-length"] ?? "0") === "0";
  if (headers.upgrade !== undefined && !isEmpty) {
    throw new YardError("invalid", "A request for another protocol has no body.");
  }
}

/** Three tries. @throws {YardError} interrupted */
async function dial(inside: Pick<Inside, "dial">, port: number): Promise<Duplex> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await inside.dial(port);
    } catch (error) {
      const waitMs = retryAfterMs[attempt];
      if (!isYardError(error, "unavailable")) throw error;
      if (waitMs === undefined) throw notListening(port, error);
      await wait(waitMs);
    }
  }
}

function notListening(port: number, cause: unknown): YardError {
  return new YardError("interrupted", `Nothing answers on port ${port} of the capsule.`, { cause });
}

/** What lets into the yard stays outside: what runs in a capsule is not to be trusted with it. */
function withheldOf({ headers }: IncomingMessage, { by }: PortAddress, hasCredential: boolean): ReadonlySet<string> {
  const withheld = new Set<string>(["x-host-token"]);
  const key = headers["x-api-key"];
  if (hasCredential) withheld.add(key === undefined || key === "" ? "authorization" : "x-api-key");
  if (/^(?:wrn|ry)_/.test(String(key))) withheld.add("x-api-key");
  if (by === "path") withheld.add("cookie"); // the yard's own
  return withheld;
}
