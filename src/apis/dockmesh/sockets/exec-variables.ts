/** Variables of a command: in a header, as what is in an address is written to logs, by us or by others. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { YardError } from "../../../platform/errors.ts";

const header = "x-runyard-variables";

export const VariablesHeader = Type.Object({
  [header]: Type.Optional(
    Type.String({ description: "Variables of the command: a JSON object of texts, as UTF-8, in base64url" }),
  ),
});

const Variables = Compile(Type.Record(Type.String({ pattern: "^[^=\\0]+$" }), Type.String({ pattern: "^[^\\0]*$" })));

/** @throws {YardError} invalid */
export function variablesIn(headers: { readonly [header]?: string | undefined }): Readonly<Record<string, string>> {
  const encoded = headers[header];
  if (encoded === undefined) return {};
  const variables = parse(Buffer.from(encoded, "base64url").toString());
  if (Variables.Check(variables)) return variables;
  throw new YardError("invalid", "holds no variables: a JSON object of texts, in base64url", { field: header });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
