/** The operations of the yard's own document, for tests that go through all of them. */
import assert from "node:assert/strict";

export interface Operation {
  readonly method: string;
  /** With `{name}` for parameters. */
  readonly path: string;
  /** It asks for no token of a user. */
  readonly isOpen: boolean;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
}

interface Documented {
  readonly security?: readonly object[];
  readonly parameters?: Operation["parameters"];
}

/** Those below `/yard/v1`. */
export async function yardOperations(url: string): Promise<readonly Operation[]> {
  const { paths } = (await (await fetch(`${url}/openapi/yard.json`)).json()) as {
    paths: Record<string, Record<string, Documented>>;
  };
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { security = [], parameters = [] }]): Operation => {
      const isOpen = security.every((one) => !("Bearer" in one));
      return { method: method.toUpperCase(), path, isOpen, parameters };
    }),
  );
  const ours = operations.filter(({ path }) => path.startsWith("/yard/v1/"));
  assert.ok(ours.length > 20, String(ours.length));
  return ours;
}
