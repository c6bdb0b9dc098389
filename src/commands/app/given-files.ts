/** Files, or standard input, that an app is made from: its definition, and its secret variables. */
import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { asObject, type JsonObject } from "../../client/json.ts";
import { YardError } from "../../platform/errors.ts";
import type { Variables } from "../option-values.ts";
import { readStdin } from "../prompt.ts";

/** An application as App Mesh's API has it, in JSON or YAML. @param path `-`: standard input */
export async function readDefinition(path: string): Promise<JsonObject> {
  const text = await read(path, "--file");
  try {
    if (path.endsWith(".json")) return asObject(JSON.parse(text), "the text");
    const { parse } = await import("yaml"); // JSON is YAML, too
    return asObject(parse(text), "the text");
  } catch (error) {
    const where = path === "-" ? "standard input" : path;
    throw new YardError("invalid", `${where} is no definition in JSON or YAML: ${messageOf(error)}`, {
      field: "--file",
      cause: error,
    });
  }
}

/** Lines of `KEY=value`. @param path `-`: standard input */
export async function readVariables(path: string, option: string): Promise<Variables> {
  const variables = parseEnv(await read(path, option));
  if (Object.keys(variables).length === 0)
    throw new YardError("invalid", `${path === "-" ? "standard input" : path} has no line that looks like KEY=value`, {
      field: option,
    });
  return Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, value ?? ""]));
}

async function read(path: string, option: string): Promise<string> {
  if (path === "-") return readStdin();
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new YardError("invalid", `cannot read ${path}: ${messageOf(error)}`, { field: option, cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
