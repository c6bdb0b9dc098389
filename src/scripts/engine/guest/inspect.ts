/** How a value looks when it is printed: as in other runtimes' consoles, on one line. */
export function createInspect(): (value: unknown) => string {
  const maxDepth = 4;
  const maxItems = 100;
  const maxKeys = 50;
  const maxString = 10_000;
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
  const nameOfTypedArray = Object.getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)!.get!;

  function inspect(value: unknown, depth: number, seen: readonly object[]): string {
    switch (typeof value) {
      case "string":
        return quote(value);
      case "bigint":
        return `${value}n`;
      case "symbol":
        return value.toString();
      case "function":
        return value.name === "" ? "[Function (anonymous)]" : `[Function: ${value.name}]`;
      case "object":
        return value === null ? "null" : inspectObject(value, depth, seen);
      default:
        return Object.is(value, -0) ? "-0" : String(value);
    }
  }

  function quote(text: string): string {
    const shown = text.length > maxString ? `${text.slice(0, maxString)}...` : text;
    return `'${shown.replace(/\\/g, "\\\\").replace(/'/g, "\\'").replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(/\t/g, "\\t")}'`;
  }

  function inspectObject(value: object, depth: number, seen: readonly object[]): string {
    if (seen.includes(value)) return "[Circular]";
    if (value instanceof Error) return value.stack ? `${value}\n${value.stack}`.trimEnd() : String(value);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
    if (value instanceof RegExp) return String(value);
    if (value instanceof ArrayBuffer) return `ArrayBuffer { byteLength: ${value.byteLength} }`;
    if (value instanceof Promise) return "Promise { }";
    if (depth > maxDepth) return Array.isArray(value) ? "[Array]" : "[Object]";
    const inner = (item: unknown) => inspect(item, depth + 1, [...seen, value]);
    if (Array.isArray(value)) return `[ ${listOf(value, inner)} ]`;
    const kind = ArrayBuffer.isView(value) ? nameOfTypedArray.call(value) : undefined;
    if (kind !== undefined) {
      const items = value as Uint8Array;
      return `${kind}(${items.length}) [ ${listOf(items, inner)} ]`;
    }
    if (value instanceof Map) {
      const pairs = Array.from(value.entries()).slice(0, maxItems);
      return `Map(${value.size}) { ${withRest(
        pairs.map(([key, item]) => `${inner(key)} => ${inner(item)}`),
        value.size,
        maxItems,
      )} }`;
    }
    if (value instanceof Set) {
      const items = Array.from(value).slice(0, maxItems);
      return `Set(${value.size}) { ${withRest(items.map(inner), value.size, maxItems)} }`;
    }
    return inspectPlain(value, inner);
  }

  function listOf(items: ArrayLike<unknown>, inner: (item: unknown) => string): string {
    const shown: string[] = [];
    for (let index = 0; index < items.length && index < maxItems; index++)
      shown.push(index in items ? inner(items[index]) : "<empty>");
    return withRest(shown, items.length, maxItems);
  }

  function inspectPlain(value: object, inner: (item: unknown) => string): string {
    const keys = Object.keys(value);
    const shown = keys.slice(0, maxKeys).map((key) => {
      const property = Object.getOwnPropertyDescriptor(value, key);
      const text = property?.get === undefined ? inner(property?.value) : "[Getter]"; // a getter might do anything
      return `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key)}: ${text}`;
    });
    const name = Object.getPrototypeOf(value)?.constructor?.name;
    const prefix = typeof name === "string" && name !== "Object" && name !== "" ? `${name} ` : "";
    return `${prefix}{ ${withRest(shown, keys.length, maxKeys)} }`;
  }

  function withRest(shown: readonly string[], total: number, most: number): string {
    return [...shown, ...(total > most ? [`... ${total - most} more${most === maxItems ? " items" : ""}`] : [])].join(
      ", ",
    );
  }

  return (value) => inspect(value, 1, []);
}
