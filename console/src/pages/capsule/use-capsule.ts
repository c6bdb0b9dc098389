/** One capsule, of whatever team of the caller's, kept up to date. */
import { call } from "../../api/call.ts";
import { CallError } from "../../api/call-error.ts";
import { type Read, useRead } from "../../api/use-read.ts";
import type { Capsule } from "../capsules/capsule.ts";

/** @param id as in its address */
export function useCapsule(id: string): Read<Capsule> {
  return useRead(
    `capsule ${id}`,
    async (signal) => {
      const query = { search: id.slice(0, 200), ended: true };
      const { items } = await call("GET /yard/v1/capsules", { query }, { signal });
      const found = items.find((capsule) => capsule.id === id);
      if (!found) throw new CallError(`There is no capsule ${id}.`, 404);
      return found;
    },
    { topics: ["capsules"] },
  );
}
