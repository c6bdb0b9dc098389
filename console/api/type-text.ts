/** TypeScript's text for a JSON schema, as the documents of the APIs have them: no references, nothing that only validates. */

export type Schema = Readonly<Record<string, unknown>>;

/** Where in a file a type is written. What stands there in full already need not be written again. */
export interface Place {
  /** What names the type there: `Operations["GET /users"]["reply"]`. None inside of a union, whose members nothing names. */
  readonly path?: string | undefined;
  /** Of the whole file: the names of types by their texts. */
  readonly written: Map<string, string>;
}

/** What is no longer than a line is easier to read than a name for it. */
const shortText = 120;

/** @param place without one, all is written out, and its text is the same wherever it stands */
export function typeText(schema: unknown, place?: Place): string {
  if (!isSchema(schema)) return "unknown";
  if (!place) return newText(schema);
  const inFull = newText(schema);
  if (inFull.length <= shortText) return inFull;
  const name = place.written.get(inFull);
  if (name !== undefined) return name;
  if (place.path !== undefined) place.written.set(inFull, place.path);
  return newText(schema, place);
}

/** Of what was not written before; parts of it may have been. */
function newText(schema: Schema, place?: Place): string {
  if ("const" in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return union(schema.enum.map((value) => JSON.stringify(value)));
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return unionText(choices, place);
  if (Array.isArray(schema.allOf)) return schema.allOf.map((part) => `(${typeText(part, partOf(place))})`).join(" & ");
  if (Array.isArray(schema.type)) {
    const one = (type: unknown): Schema => ({ ...schema, type });
    return unionText(schema.type.map(one), place);
  }
  switch (schema.type) {
    case "string":
      return schema.format === "binary" ? "Blob" : "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return arrayText(schema, place);
    case "object":
      return objectText(schema, place);
    default:
      return "unknown";
  }
}

function arrayText({ items, prefixItems }: Schema, place?: Place): string {
  const tuple = Array.isArray(items) ? items : prefixItems; // both spellings of a tuple occur
  if (Array.isArray(tuple)) {
    return `[${tuple.map((item, at) => typeText(item, partOf(place, `[${at}]`))).join(", ")}]`;
  }
  return `(${typeText(items, partOf(place, "[number]"))})[]`;
}

function objectText({ properties, required, additionalProperties, patternProperties }: Schema, place?: Place): string {
  const [pattern] = isSchema(patternProperties) ? Object.values(patternProperties) : [];
  const others = isSchema(additionalProperties) ? additionalProperties : pattern;
  if (!isSchema(properties)) return `Record<string, ${typeText(others, partOf(place, "[string]"))}>`;
  const needed = new Set(Array.isArray(required) ? required : []);
  const fields = Object.entries(properties).map(([name, field]) => {
    const isNeeded = needed.has(name);
    const named = partOf(place, `[${JSON.stringify(name)}]`, isNeeded ? undefined : "undefined");
    return `${commentText(field)}${JSON.stringify(name)}${isNeeded ? "" : "?"}: ${typeText(field, named)};`;
  });
  return fields.length === 0 ? "Record<string, never>" : fieldsText(fields);
}

/** Fields in braces: in one line, if that is enough for them. */
export function fieldsText(fields: readonly string[]): string {
  const line = `{ ${fields.join(" ")} }`;
  return line.length > shortText || line.includes("\n") ? `{\n${fields.join("\n")}\n}` : line;
}

/** The place of a part. @param step what leads there from the whole; nothing does to a member of a union
 *  @param without what TypeScript adds to the part's type where it is reached in this way */
function partOf(place: Place | undefined, step?: string, without?: "null" | "undefined"): Place | undefined {
  if (place?.path === undefined || step === undefined) return place && { ...place, path: undefined };
  const path = `${place.path}${step}`;
  return { ...place, path: without === undefined ? path : `Exclude<${path}, ${without}>` };
}

/** What the document says of a field, for whoever hovers over it. */
function commentText(schema: unknown): string {
  if (!isSchema(schema) || typeof schema.description !== "string") return "";
  return `/** ${schema.description.replaceAll("*/", "*\\/")} */\n`;
}

/** Of something or null, the something can be reached. */
function unionText(choices: readonly unknown[], place?: Place): string {
  const isNull = (choice: unknown) => isSchema(choice) && choice.type === "null";
  const isOneOrNull = choices.length === 2 && choices.some(isNull);
  const member = isOneOrNull ? partOf(place, "", "null") : partOf(place);
  return union(choices.map((choice) => typeText(choice, member)));
}

function union(members: readonly string[]): string {
  const distinct = [...new Set(members)];
  return distinct.includes("unknown") ? "unknown" : distinct.join(" | ");
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
