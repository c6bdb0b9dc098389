/** JSON from outside (files, replies), read field by field. The command line does not load TypeBox for its three small objects: that takes
 *  0.2 s and 30 MB (measured), more than all the rest of `runyard run`. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws {TypeError} if the text is no JSON object */
export function parseObject(text: string): JsonObject {
  return asObject(JSON.parse(text), "the text");
}

export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError(`${what} is not an object`);
  return value as JsonObject;
}

export function textField(object: JsonObject, name: string): string {
  const value = optionalTextField(object, name);
  if (value === undefined) throw new TypeError(`"${name}" is missing`);
  return value;
}

export function optionalTextField(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  if (value !== undefined && typeof value !== "string") throw new TypeError(`"${name}" is not text`);
  return value;
}

export function numberField(object: JsonObject, name: string): number {
  const value = object[name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw new TypeError(`"${name}" is not a number`);
  return value;
}

export function optionalNumberField(object: JsonObject, name: string): number | undefined {
  return object[name] === undefined ? undefined : numberField(object, name);
}
