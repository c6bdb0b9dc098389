/** The way to TCP ports inside capsules: HTTP, and what begins as HTTP. By its name a port is open to everybody, as its users expect of something
 *  they publish, unless the operator has it closed; by its path it is reached with a credential of the capsule's team. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Backend, Gateway } from "../../../platform/http/gateway.ts";
import type { Log } from "../../../platform/log.ts";
import { createSeats } from "../seats.ts";
import { createCapsulePorts, type PortsParts } from "./capsule-ports.ts";
import { exchange } from "./exchange.ts";
import { addressedByName, addressedByPath, type PortAddress } from "./port-address.ts";
import { sendRefusal } from "./refusals.ts";
import { replyOn, tunnel } from "./tunnel.ts";

export interface PortGatewayParts extends PortsParts {
  readonly log: Log;
}

/** A connection on which nothing moves for this long is cut. Whoever waits longer sends something now and then. */
const silenceMs = 3_600_000;
/** What is under way when the yard closes may take this much longer. */
const drainMs = 2_000;
/** At one time, to one capsule: what opens them without end takes nothing from the others. */
const mostPerCapsule = 256;

export function createPortGateway({ log, ...parts }: PortGatewayParts): Gateway {
  const ports = createCapsulePorts(parts);
  const seats = createSeats(mostPerCapsule, "connections to this capsule");
  const underWay = new Set<() => void>();
  const tunnels = new Set<() => void>();

  async function passRequest(address: PortAddress, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const cut = (): void => void response.destroy();
    underWay.add(cut);
    response.setTimeout(silenceMs);
    try {
      using _seat = seats.take(address.capsule);
      await using way = await ports.open(address, request);
      if (!response.closed) await exchange(request, response, way.connection, way.destination);
    } catch (error) {
      log.debug({ err: error, capsule: address.capsule, port: address.port }, "a port of a capsule was not reached");
      sendRefusal(response, error);
    } finally {
      underWay.delete(cut);
    }
  }

  async function passUpgrade(
    address: PortAddress,
    request: IncomingMessage,
    client: { socket: Socket; head: Buffer },
  ): Promise<void> {
    const { socket } = client;
    const cut = (): void => void socket.destroy();
    tunnels.add(cut);
    socket.setTimeout(silenceMs, cut).setKeepAlive(true, 60_000);
    try {
      using _seat = seats.take(address.capsule);
      await using way = await ports.open(address, request);
      if (!socket.closed) await tunnel(request, client, way.connection, way.destination);
    } catch (error) {
      log.debug({ err: error, capsule: address.capsule, port: address.port }, "a port of a capsule was not reached");
      sendRefusal(replyOn(socket, request), error);
    } finally {
      tunnels.delete(cut);
    }
  }

  function backendOf(address: PortAddress): Backend {
    return {
      request: (request, response) => void passRequest(address, request, response),
      upgrade(request, socket, head) {
        if (socket instanceof Socket) void passUpgrade(address, request, { socket, head });
        else socket.destroy();
      },
    };
  }

  return {
    claim(request, apis) {
      const isOurs = apis === undefined || apis.includes("wrenn");
      const address = addressedByName(request) ?? (isOurs ? addressedByPath(request) : undefined);
      return address && backendOf(address);
    },
    drain() {
      for (const cut of tunnels) cut(); // who speaks another protocol has no end that could be waited for
      const cutAll = () => {
        for (const cut of underWay) cut();
      };
      setTimeout(cutAll, drainMs).unref();
    },
  };
}
