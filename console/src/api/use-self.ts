/** Who is signed in, and what that one may do: what is not allowed is not offered. */
import { createContext, useContext } from "react";
import type { Reply } from "./operations.ts";

export type Self = Reply<"GET /yard/v1/self">;

export const SelfContext = createContext<Self | undefined>(undefined);

export function useSelf(): Self {
  const self = useContext(SelfContext);
  if (!self) throw new Error("useSelf() outside of the pages of somebody who is signed in");
  return self;
}

/** Whether one of these permissions is held. The yard decides again at each call. */
export function useMay(...permissions: readonly string[]): boolean {
  const { isAdmin, permissions: held } = useSelf();
  return isAdmin || permissions.length === 0 || permissions.some((permission) => held.includes(permission));
}
