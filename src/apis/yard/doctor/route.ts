/** `GET /yard/v1/doctor`: what the yard's machine can do, and what it cannot. */
import { Type } from "typebox";
import { principalOf } from "../../../identity/admission.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import type { ConsoleParts } from "../console-parts.ts";
import { errorReplies } from "../errors.ts";
import { bearer, type Guard } from "../guard.ts";
import { Moment } from "../rows/texts.ts";

const Findings = Type.Object(
  {
    at: Moment,
    findings: Type.Array(
      Type.Object({
        name: Type.String(),
        state: Type.Enum(["ok", "warning", "missing"]),
        what: Type.String({ description: "What was found" }),
        fix: Type.Optional(Type.String({ description: "What to do" })),
      }),
    ),
  },
  { description: "As `runyard doctor` prints them" },
);

export function registerDoctorRoute(app: ApiInstance, { doctor }: Pick<ConsoleParts, "doctor">, guard: Guard): void {
  app.get(
    "/yard/v1/doctor",
    {
      onRequest: guard(),
      schema: {
        operationId: "getDoctor",
        summary: "What the yard's machine can do, and what it cannot",
        tags: ["Overview"],
        security: bearer,
        querystring: Type.Object({
          fresh: Type.Boolean({ default: false, description: "Look now; else findings are a minute old at most" }),
        }),
        response: { 200: Findings, ...errorReplies(400, 401, 403) },
      },
    },
    async (request) => {
      if (!principalOf(request).isAdmin)
        throw new YardError("forbidden", "Only administrators may know what the machine can do.");
      const { at, findings } = await doctor.report({ fresh: request.query.fresh });
      return { at, findings: [...findings] };
    },
  );
}
