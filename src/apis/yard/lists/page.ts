/** What every list takes and answers. */
import { type Static, type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";
import { YardError } from "../../../platform/errors.ts";

export const pageQuery = {
  search: Type.Optional(Type.String({ maxLength: 200, description: "Words that all must occur in a row" })),
  limit: Type.Integer({ minimum: 1, maximum: 500, default: 100, description: "Rows of a page at most" }),
  after: Type.Optional(
    Type.String({ maxLength: 1_024, description: "`next` of the page before; none: from the beginning" }),
  ),
};

export function pageReply<Row extends TSchema>(row: Row, description: string) {
  return Type.Object(
    {
      items: Type.Array(row),
      next: Type.Union([Type.String(), Type.Null()], {
        description: "Ask with it as `after` for what follows; null: nothing does",
      }),
      total: Type.Optional(Type.Integer({ description: "Rows in all pages, where that is known" })),
    },
    { description },
  );
}

/** A row's number, or its time. What is larger is none of ours, and PostgreSQL knows no such numbers. */
export const WholeNumber = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** How places in a list are written for clients, who only give them back. */
export interface PlaceFormat<Place> {
  write(place: Place): string;
  /** @throws {YardError} invalid, for what this list has not written */
  read(text: string | undefined): Place | undefined;
}

export function placeFormat<Schema extends TSchema>(schema: Schema): PlaceFormat<Static<Schema>> {
  const check = Compile(schema);
  return {
    write: (place) => Buffer.from(JSON.stringify(place)).toString("base64url"),
    read(text) {
      if (text === undefined) return undefined;
      const place = parse(Buffer.from(text, "base64url").toString());
      if (check.Check(place)) return place as Static<Schema>;
      throw new YardError("invalid", "is no `next` of this list", { field: "after" });
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Several values in one parameter: `running,failed`. @throws {YardError} invalid, for one that there is not */
export function valuesOf<const Value extends string>(
  field: string,
  text: string | undefined,
  known: readonly Value[],
): readonly Value[] | undefined {
  if (text === undefined || text === "") return undefined;
  return text.split(",").map((word) => {
    const value = known.find((one) => one === word);
    if (value !== undefined) return value;
    throw new YardError("invalid", `${JSON.stringify(word)} is none of ${known.join(", ")}`, { field });
  });
}
