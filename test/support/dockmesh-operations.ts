/** The operations of Dockmesh's document, for tests that go through all of them. */
import assert from "node:assert/strict";

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required?: boolean;
  readonly schema: { readonly type?: string };
}

export interface BodySchema {
  readonly required?: readonly string[];
  readonly properties?: Readonly<
    Record<string, { readonly type?: string; readonly items?: { readonly type?: string } }>
  >;
}

export interface Operation {
  readonly method: string;
  /** Below `/api/v1`, with `{name}` for parameters. */
  readonly path: string;
  /** `GET /stacks/{name}`. */
  readonly name: string;
  readonly isOpen: boolean;
  readonly isSocket: boolean;
  readonly parameters: readonly Parameter[];
  readonly body?: BodySchema;
}

interface Documented {
  readonly security?: readonly unknown[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: BodySchema }>> };
}

const basePath = "/api/v1";

export async function dockmeshOperations(url: string): Promise<readonly Operation[]> {
  const response = await fetch(`${url}/openapi/dockmesh.json`);
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, Documented>> };
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { security = [], parameters = [], requestBody }]): Operation => {
      const below = path.startsWith(basePath) ? path.slice(basePath.length) : path;
      return {
        ...{ method: method.toUpperCase(), path: below, name: `${method.toUpperCase()} ${below}` },
        ...{ isOpen: security.length === 0, isSocket: /^\/ws\/(?!ticket)/.test(below), parameters },
        ...(requestBody && { body: requestBody.content["application/json"]?.schema ?? {} }),
      };
    }),
  );
  assert.ok(operations.length > 100, String(operations.length));
  return operations;
}

/** @param values by the names of the path's parameters */
export function pathOf({ path }: Operation, values: (name: string) => string): string {
  return path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => values(name));
}
