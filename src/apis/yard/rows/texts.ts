/** Texts of rows: a list shows their beginning, and whoever wants all of one asks the API that it comes from. */
import { Type } from "typebox";

export function beginningOf(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1).toWellFormed()}…` : text;
}

export const OptionalText = Type.Union([Type.String(), Type.Null()]);
export const OptionalInteger = Type.Union([Type.Integer(), Type.Null()]);
export const Moment = Type.Integer({ description: "Milliseconds since 1970" });
export const OptionalMoment = Type.Union([Type.Integer(), Type.Null()], { description: "Milliseconds since 1970" });
