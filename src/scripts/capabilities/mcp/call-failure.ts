/** Why a server did not answer, as a script may know it: what the server itself says of its tools, and of the rest only the kind. */
import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError, UnauthorizedError } from "@modelcontextprotocol/client";
import { ExchangeError } from "../../../platform/http/outgoing/exchange-error.ts";
import { CallError, PolicyDenial, shortened } from "../call-error.ts";
import { reasonOf } from "../guarded-exchange.ts";

/** @param what was called: `mcp.callTool: search` */
export function callFailure(what: string, server: string, error: unknown): CallError {
  const reasons = causesOf(error);
  const denial = reasons.find((each) => each instanceof PolicyDenial);
  if (denial !== undefined) return denial;
  return new CallError(`${what}: server "${server}": ${reasonFor(error, reasons)}`, { cause: error });
}

function reasonFor(error: unknown, reasons: readonly unknown[]): string {
  const own = reasons.find((each) => each instanceof CallError || each instanceof ExchangeError);
  if (own instanceof Error) return own.message;
  if (error instanceof ProtocolError) return `it says: ${shortened(error.message)}`;
  if (error instanceof UnauthorizedError) return "it wants other credentials (401)";
  if (error instanceof SdkHttpError) return `it answers with status ${error.data.status}`;
  if (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout) return "it does not answer in time";
  return reasonOf(reasons.at(-1));
}

const deepest = 10;

/** The error, and what has led to it. */
function causesOf(error: unknown): unknown[] {
  const found: unknown[] = [];
  for (
    let each = error;
    each !== undefined && found.length < deepest;
    each = each instanceof Error ? each.cause : undefined
  )
    found.push(each);
  return found;
}
