/** How the text of an option becomes its value. Each throws what commander reports as a mistake in the command's use. */
import { InvalidArgumentError } from "commander";

export type Variables = Readonly<Record<string, string>>;

/** `KEY=value`, as often as there are variables. */
export function addVariable(text: string, before: Variables = {}): Variables {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It looks like KEY=value.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

export function wholeNumber(bounds: { min: number; max: number }): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= bounds.min && value <= bounds.max))
      throw new InvalidArgumentError(`It is a whole number from ${bounds.min} to ${bounds.max}.`);
    return value;
  };
}
