/** How a tool's answer looks on the wire: compact JSON as text, the same as an object, and never as an error of the protocol. */
import { type CallToolResult, ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { Trail } from "../../identity/trail.ts";
import { isYardError, YardError, type YardErrorCode } from "../../platform/errors.ts";
import { type Asker, mayUse } from "./askers.ts";
import { ArgumentError, type Tool } from "./tool.ts";

/** What `work` answers, or `error`: models read results, and seldom the errors of the protocol. Those are left for calls that cannot be meant.
 *  @throws {ProtocolError} for arguments that do not fit the tool */
export async function answered(work: () => Promise<object>, asker: Asker): Promise<CallToolResult> {
  try {
    return resultOf(await work());
  } catch (error) {
    if (error instanceof ArgumentError) throw new ProtocolError(ProtocolErrorCode.InvalidParams, error.message);
    return resultOf({ error: tell(error, asker) });
  }
}

const callersFaults: ReadonlySet<YardErrorCode> = new Set(["invalid", "not_found", "conflict"]);

/** In place of a result, where the protocol has no room for one. */
export function asProtocolError(error: unknown, asker: Asker): ProtocolError {
  if (error instanceof ArgumentError) return new ProtocolError(ProtocolErrorCode.InvalidParams, error.message);
  const isMistaken = isYardError(error) && callersFaults.has(error.code);
  return new ProtocolError(
    isMistaken ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError,
    tell(error, asker),
  );
}

/** @throws {YardError} forbidden */
export function requireRight({ caller, request }: Asker, { name, needs }: Pick<Tool, "name" | "needs">, trail: Trail) {
  if (mayUse(caller, needs)) return;
  trail.recordSoon(request, caller.actor, { action: "permission.denied", target: needs, outcome: "denied" });
  throw new YardError(
    "forbidden",
    caller.principal === undefined
      ? `${name} needs a user's token: send one of any API's login as Authorization: Bearer.`
      : `User ${caller.principal.username} lacks the permission ${needs}; an administrator can grant a role that holds it.`,
  );
}

function tell(error: unknown, { request }: Asker): string {
  if (isYardError(error) && error.code !== "internal") return error.message;
  request.log.error({ requestId: request.id, err: error }, "a tool failed");
  return `Something went wrong here; the server's log tells more under request id ${request.id}.`;
}

function resultOf(value: object): CallToolResult {
  const text = JSON.stringify(value);
  return { content: [{ type: "text", text }], structuredContent: JSON.parse(text), isError: false };
}
