/** What an app may be called. Names are shown, logged and part of URLs; they never become paths or arguments. */
import { YardError } from "../platform/errors.ts";
import { randomText } from "../platform/ids.ts";

const longestName = 128;
/** The yard's own process on a host: never an app. */
const reserved = new Set(["agent"]);
/** What separates or matches names elsewhere, and what a terminal or a page would not show as it is. */
const unfit = /[/*\p{Cc}\p{Bidi_Control}\p{Cs}\p{Zl}\p{Zp}]/u;

/** The name, trimmed. @throws {YardError} invalid, field `name` */
export function checkName(text: string): string {
  const name = text.trim();
  const fault = faultOf(name);
  if (fault) throw new YardError("invalid", `the app's name ${fault}`, { field: "name" });
  return name;
}

function faultOf(name: string): string | undefined {
  if (name === "") return "is empty";
  if ([...name].length > longestName) return `is longer than ${longestName} characters`;
  if (unfit.test(name)) return 'holds "/", "*" or a character that cannot be shown';
  if (name === "." || name === "..") return 'is "." or ".."';
  if (name.startsWith("-")) return 'begins with "-", as an option of a command would';
  if (reserved.has(name)) return `is reserved: ${name}`;
  return undefined;
}

/** For a run that was given no name: short, letters and digits. */
export function generateName(): string {
  return randomText(10);
}

/** The `n`th copy of an app, cut so that it is a name too. */
export function copyName(name: string, n: number): string {
  const suffix = `_${n}`;
  return [...name].slice(0, longestName - suffix.length).join("") + suffix;
}
