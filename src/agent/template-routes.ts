/** What sandboxes start from, for the other end of the connection: SandboxTemplates of sandboxes/sandbox.ts, and the capture of a sandbox. */
import type { SandboxTemplates } from "../sandboxes/sandbox.ts";
import { type Request, readBytes, readJson, sendJson, sendNothing } from "./http.ts";
import { parseName, parsePreparation } from "./parse.ts";
import type { Routes } from "./router.ts";
import { required, type SandboxLookup, sandboxPath } from "./sandbox-lookup.ts";

const templatesPath = "/v1/templates/{driver}";
const templatePath = `${templatesPath}/{template}`;

export function templateRoutes(find: SandboxLookup): Routes {
  function templatesOf(request: Request): SandboxTemplates {
    const { templates, name } = find.driver(request);
    return required(templates, name, "keep templates");
  }

  return {
    [`GET ${templatesPath}`]: async (request) => sendJson(request, await templatesOf(request).list()),
    [`PUT ${templatePath}`]: async (request) => {
      const templates = templatesOf(request);
      sendJson(request, await templates.import(request.params.template ?? "", readBytes(request)));
    },
    [`POST ${templatePath}/prepare`]: async (request) => {
      const limits = parsePreparation(await readJson(request));
      await templatesOf(request).prepare?.(request.params.template ?? "", limits);
      sendNothing(request);
    },
    [`DELETE ${templatePath}`]: async (request) => {
      await templatesOf(request).remove(request.params.template ?? "");
      sendNothing(request);
    },
    [`POST ${sandboxPath}/capture`]: async (request) => {
      const name = parseName(await readJson(request));
      const sandbox = await find.sandbox(request);
      sendJson(request, await required(sandbox.capture?.(name), sandbox.handle.driver, "make templates of sandboxes"));
    },
  };
}
