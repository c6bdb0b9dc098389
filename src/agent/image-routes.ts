/** Sandboxes that leave this host for another, and those that arrive: Departure and Arrivals of sandboxes/sandbox-image.ts, for the other end of the connection. */
import type { Arrivals, Departure } from "../sandboxes/sandbox.ts";
import { type Request, readBytes, readJson, sendJson, sendNothing, sendStream } from "./http.ts";
import { parseImage, parsePart } from "./parse-image.ts";
import type { Routes } from "./router.ts";
import { type Drivers, refuseTaken, required, type SandboxLookup, sandboxPath } from "./sandbox-lookup.ts";

const arrivalsPath = "/v1/arrivals/{driver}";
const arrivalPath = `${arrivalsPath}/{sandbox}`;

export function imageRoutes(drivers: Drivers, find: SandboxLookup): Routes {
  async function departureOf(request: Request): Promise<Departure> {
    const { departure, handle } = await find.sandbox(request);
    return required(departure, handle.driver, "move sandboxes to other hosts");
  }
  function arrivalsOf(request: Request): Arrivals {
    const { arrivals, name } = find.driver(request);
    return required(arrivals, name, "take sandboxes of other hosts");
  }
  const idOf = ({ params }: Request) => params.sandbox ?? "";
  const imageOf = async (request: Request) =>
    parseImage(await readJson(request), request.params.driver ?? "", idOf(request));

  return {
    [`GET ${sandboxPath}/image`]: async (request) => sendJson(request, await (await departureOf(request)).image()),
    [`GET ${sandboxPath}/image/{part}`]: async (request) => {
      const departure = await departureOf(request);
      await sendStream(request, await departure.part(request.params.part ?? ""), {});
    },
    [`GET ${arrivalsPath}`]: async (request) => sendJson(request, await arrivalsOf(request).list()),
    [`POST ${arrivalPath}`]: async (request) => {
      const image = await imageOf(request);
      await refuseTaken(drivers, find.driver(request), image.id);
      sendJson(request, { missing: await arrivalsOf(request).begin(image) });
    },
    [`PUT ${arrivalPath}/parts/{part}`]: async (request) => {
      const part = parsePart(request.params.part ?? "", request.query);
      await arrivalsOf(request).put(idOf(request), part, readBytes(request));
      sendNothing(request);
    },
    [`POST ${arrivalPath}/complete`]: async (request) => {
      const image = await imageOf(request);
      sendJson(request, await arrivalsOf(request).complete(image));
    },
    [`DELETE ${arrivalPath}`]: async (request) => {
      await arrivalsOf(request).abandon(idOf(request));
      sendNothing(request);
    },
  };
}
