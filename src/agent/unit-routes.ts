/** The routes of `/v1/units`. */
import { YardError } from "../platform/errors.ts";
import { assertId } from "../sandboxes/processes/ids.ts";
import { headerJson, numberOf, type Request, readJson, sendBytes, sendJson, sendNothing, sendStream } from "./http.ts";
import { sendOutput } from "./output-reply.ts";
import { parseUnitSpec, parseUsageQuestion } from "./parse.ts";
import type { Routes } from "./router.ts";
import type { Units } from "./units.ts";
import { streamUnits } from "./watch.ts";

const longestWaitMs = 60_000;
const longestGraceMs = 3_600_000;
const defaultRunBytes = 1024 * 1024;
const mostRunBytes = 16 * 1024 * 1024;

export function unitRoutes(units: Units): Routes {
  const idOf = ({ params }: Request) => params.id ?? "";
  const runOf = ({ query }: Request) => query.get("run") ?? undefined;

  async function specOf(request: Request) {
    const id = idOf(request);
    assertId(id, "unit");
    return parseUnitSpec(await readJson(request), id);
  }

  return {
    "GET /v1/units": async (request) => {
      if (!request.query.has("watch")) return sendJson(request, units.list());
      await sendStream(request, streamUnits(units), { "content-type": "application/x-ndjson" });
    },
    "GET /v1/units/{id}": (request) => sendJson(request, units.get(idOf(request))),
    "PUT /v1/units/{id}": async (request) => sendJson(request, await units.put(await specOf(request))),
    "DELETE /v1/units/{id}": async (request) => {
      await units.remove(idOf(request));
      sendNothing(request);
    },
    "POST /v1/units/{id}/start": async (request) => sendJson(request, await units.start(idOf(request))),
    "POST /v1/units/{id}/stop": async (request) => {
      const graceMs = numberOf(request.query, "graceMs", { default: 0, most: longestGraceMs });
      sendJson(request, await units.stop(idOf(request), { graceMs }));
    },
    "POST /v1/units/{id}/run": async (request) => {
      const maxBytes = numberOf(request.query, "maxBytes", { default: defaultRunBytes, most: mostRunBytes });
      const deliver: Parameters<Units["run"]>[1] = async (unit, process) => {
        const chunk = await process?.output.read({ position: 0, maxBytes });
        const { meta: _, ...status } = unit; // unread by us, known to the caller, and without bound
        const headers = { "unit-status": headerJson(status), "output-next": chunk?.next ?? 0 };
        sendBytes(request, chunk?.bytes ?? Buffer.alloc(0), headers);
      };
      await units.run(await specOf(request), deliver, { signal: request.signal });
    },
    "GET /v1/units/{id}/ended": async (request) => {
      const timeoutMs = numberOf(request.query, "timeoutMs", { default: longestWaitMs, most: longestWaitMs });
      const { signal } = request;
      sendJson(request, await units.ended(idOf(request), { run: runOf(request), timeoutMs, signal }));
    },
    "GET /v1/units/{id}/output": async (request) =>
      sendOutput(request, (await units.process(idOf(request), runOf(request))).output),
    "POST /v1/units/usage": async (request) => {
      const { ids, tree } = parseUsageQuestion(await readJson(request));
      if (ids.length > 10_000)
        throw new YardError("too_many", "Ask for at most 10000 units at once.", { field: "ids" });
      sendJson(request, await units.usage(ids, { tree }));
    },
  };
}
