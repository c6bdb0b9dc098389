/** What somebody is called here whom a provider knows by names that are none. */
import { isName } from "../names.ts";

/** So that a number, or what else is added, leaves it a name. */
const mostKept = 48;

/** The first of these names that one can be made of. No @ is in it: nobody is called as an address that is another's. */
export function usernameFrom(names: readonly string[]): string {
  return names.map(plain).find(isName) ?? "user";
}

function plain(name: string): string {
  return name
    .split("@", 1)[0]!
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/[^A-Za-z0-9_.]+/g, "-")
    .slice(0, mostKept)
    .replace(/^[-.]+|[-.]+$/g, "");
}
