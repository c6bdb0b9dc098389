/** Who may ask an operation, as tables of them say it. */
import type { onRequestHookHandler } from "fastify";
import type { Guards } from "./guards.ts";
import type { WirePermission } from "./permissions.ts";

/** Whoever holds a permission, anybody signed in, or anybody at all. */
export type Gate = WirePermission | "signed-in" | "open";

export function guardOf(guards: Guards, gate: Gate): { readonly onRequest?: onRequestHookHandler } {
  if (gate === "open") return {};
  return { onRequest: gate === "signed-in" ? guards.signedIn() : guards.may(gate) };
}
