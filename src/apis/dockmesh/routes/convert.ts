/** Other ways to say what a stack is, as Compose files. */
import { Type } from "typebox";
import { convertRun } from "../../../containers/compose/run-to-compose.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { basePath, bearer } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

export function registerConvertRoutes(app: ApiInstance, { guards }: Pick<Toolbox, "guards">): void {
  app.post(
    `${basePath}/convert/run-to-compose`,
    {
      onRequest: guards.may("stack.write"),
      schema: {
        tags: ["stacks"],
        security: bearer,
        operationId: "convert.run_to_compose",
        summary: "Spell a docker run command line as a Compose file",
        body: Type.Object({ command: Type.String() }),
        response: {
          200: Type.Object({ yaml: Type.String(), warnings: Type.Array(Type.String()) }),
          ...errorReplies(400, 401, 403, 413),
        },
      },
    },
    async (request) => {
      const { yaml, warnings } = convertRun(request.body.command);
      return { yaml, warnings: [...warnings] };
    },
  );
}
