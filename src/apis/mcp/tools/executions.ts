/** Tools for what became of scripts. */
import { Type } from "typebox";
import type { Trail } from "../../../identity/trail.ts";
import { isYardError } from "../../../platform/errors.ts";
import type { McpParts } from "../parts.ts";
import { argumentsOf, defineTool, maybe, type Tool } from "../tool.ts";

const execution_id = Type.String({ description: "As run_js has answered it" });
const position = (description: string) => maybe(Type.Integer({ minimum: 0, description }));

type Parts = Pick<McpParts, "scripts" | "words" | "schemas">;

export function executionTools(parts: Parts, trail: Trail): readonly Tool[] {
  const { scripts, words, schemas } = parts;
  return [
    defineTool({
      name: "get_execution",
      title: "Status of a script",
      description: "Status, result and error of an execution, and the memory (heap) and files (fs) that it left.",
      needs: "scripts.view",
      reads: true,
      input: argumentsOf({ execution_id }),
      output: schemas.ExecutionInfo,
      run: async (given, { caller }) => words.executionToWire(await scripts.get(caller.teamId, given.execution_id)),
    }),
    outputTool(parts),
    cancelTool(parts, trail),
    defineTool({
      name: "list_executions",
      title: "List scripts",
      description: "All executions that are kept, the newest first.",
      needs: "scripts.view",
      reads: true,
      input: argumentsOf({}),
      output: schemas.ExecutionList,
      run: async (_given, { caller }) => ({ executions: (await scripts.list(caller.teamId)).map(words.summaryToWire) }),
    }),
  ];
}

function outputTool({ scripts, words, schemas }: Parts): Tool {
  return defineTool({
    name: "get_execution_output",
    title: "Output of a script",
    description:
      "A page of what an execution has printed so far, by lines or by bytes. Go on at next_line_offset or next_byte_offset while has_more is true.",
    needs: "scripts.view",
    reads: true,
    input: argumentsOf({
      execution_id,
      line_offset: position("The first line, counted from 0"),
      line_limit: position("Lines at most; else 100"),
      byte_offset: position("The first byte, counted from 0: the page is then one of bytes"),
      byte_limit: position("Bytes at most; else 4096"),
    }),
    output: schemas.ExecutionOutput,
    async run({ execution_id: id, ...given }, { caller }) {
      const request = words.pageRequestFromWire({
        line_offset: given.line_offset ?? undefined,
        line_limit: given.line_limit ?? undefined,
        byte_offset: given.byte_offset ?? undefined,
        byte_limit: given.byte_limit ?? undefined,
      });
      return words.outputToWire(id, await scripts.output(caller.teamId, id, request));
    },
  });
}

function cancelTool({ scripts, schemas }: Parts, trail: Trail): Tool {
  return defineTool({
    name: "cancel_execution",
    title: "Cancel a script",
    description: "Ends an execution for good, wherever it is.",
    needs: "scripts.run",
    destroys: true,
    input: argumentsOf({ execution_id }),
    output: schemas.CancelResult,
    async run({ execution_id: id }, { caller, request }) {
      try {
        await scripts.cancel(caller.teamId, id);
      } catch (error) {
        if (!isYardError(error, "not_found") && !isYardError(error, "conflict")) throw error;
        return { ok: false, error: error.message };
      }
      await trail.record(request, caller.actor, { action: "script.cancel", target: id, outcome: "done" });
      return { ok: true };
    },
  });
}
