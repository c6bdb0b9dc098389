/** Writes `console/src/api/operations.gen.ts`, the types of the operations that the console uses, from the documents that a yard serves.
 *
 *  `node console/api/generate.ts` starts a yard of its own for that. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTestYard } from "../../test/support/yard-in-process.ts";
import { fieldsText, isSchema, type Place, type Schema, typeText } from "./type-text.ts";
import { usedOperations } from "./used-operations.ts";

const root = join(import.meta.dirname, "../..");
export const generatedFile = join(root, "console/src/api/operations.gen.ts");

/** All OpenAPI documents of a yard. @param url where it answers */
export async function readDocuments(url: string): Promise<readonly Schema[]> {
  const read = async (path: string): Promise<unknown> => (await fetch(new URL(path, url))).json();
  const index = await read("/openapi");
  const entries = isSchema(index) && Array.isArray(index.documents) ? index.documents : [];
  return (await Promise.all(entries.map(({ url: path }) => read(path)))).filter(isSchema);
}

/** The whole file. @throws for an operation that no document has */
export function generateOperations(documents: readonly Schema[]): string {
  const all = new Map(documents.flatMap(operationsOf));
  const written = new Map<string, string>();
  const entries = usedOperations.map((name) => {
    const operation = all.get(name);
    if (!operation) throw new Error(`no API has ${name}, which console/api/used-operations.ts names`);
    const path = `Operations[${JSON.stringify(name)}]`;
    return `${JSON.stringify(name)}: ${operationText(operation, { path, written })};`;
  });
  const text = `// Made by \`node console/api/generate.ts\` from the documents of the APIs; not to be edited.

/** What each operation takes and answers, by its method and path. */
export interface Operations {
${entries.join("\n")}
}
`;
  return execFileSync("biome", ["format", "--stdin-file-path", generatedFile], {
    ...{ input: text, encoding: "utf8", cwd: root },
    env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}` },
  });
}

function operationsOf({ paths }: Schema): [string, Schema][] {
  return Object.entries(isSchema(paths) ? paths : {}).flatMap(([path, methods]) =>
    Object.entries(isSchema(methods) ? methods : {}).flatMap(([method, operation]): [string, Schema][] =>
      isSchema(operation) ? [[`${method.toUpperCase()} ${path}`, operation]] : [],
    ),
  );
}

function operationText({ parameters, requestBody, responses }: Schema, place: Place): string {
  const given = (Array.isArray(parameters) ? parameters : []).filter(isSchema);
  const body = contentOf(requestBody);
  const part = (name: string): Place => ({ ...place, path: `${place.path}["${name}"]` });
  const fields = [
    parametersText("path", given),
    parametersText("query", given),
    body === undefined ? "" : `body: ${typeText(body, part("body"))};`,
    `reply: ${replyText(responses, part("reply"))};`,
  ];
  return fieldsText(fields.filter(Boolean));
}

/** A parameter with a default is documented as required, but need not be sent. */
function parametersText(place: string, parameters: readonly Schema[]): string {
  const fields = parameters
    .filter((parameter) => parameter.in === place)
    .map(({ name, required, schema }) => {
      const needed = required === true && !(isSchema(schema) && "default" in schema);
      return `${JSON.stringify(name)}${needed ? "" : "?"}: ${typeText(schema)};`;
    });
  if (fields.length === 0) return "";
  const isOptional = fields.every((field) => /^"[^"]*"\?:/.test(field));
  return `${place}${isOptional ? "?" : ""}: ${fieldsText(fields)};`;
}

/** Where replies of several shapes are possible, none of them has a name of its own. */
function replyText(responses: unknown, place: Place): string {
  const schemas = Object.entries(isSchema(responses) ? responses : {})
    .filter(([status]) => status.startsWith("2"))
    .map(([, response]) => contentOf(response));
  const replies = new Map(schemas.map((schema) => [schema && typeText(schema), schema]));
  const at = replies.size === 1 ? place : { ...place, path: undefined };
  const texts = [...replies.values()].map((schema) => (schema === undefined ? "undefined" : typeText(schema, at)));
  return texts.length === 0 ? "undefined" : texts.join(" | ");
}

/** The schema of the JSON content, or else of the only one. */
function contentOf(holder: unknown): unknown {
  if (!isSchema(holder) || !isSchema(holder.content)) return undefined;
  const media = holder.content["application/json"] ?? Object.values(holder.content)[0];
  return isSchema(media) ? media.schema : undefined;
}

if (import.meta.main) {
  await using opened = await openTestYard();
  writeFileSync(generatedFile, generateOperations(await readDocuments(opened.url)));
}
