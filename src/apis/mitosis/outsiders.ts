/** How operations that name a task, and no group, refuse who is not in its group. */
import { isYardError, YardError } from "../../platform/errors.ts";

/** For `catch`: to those who are not in a group its tasks do not exist, but this API tells them apart from tasks that nobody has.
 *  `invalid`: 400, of what changes a task; `forbidden`: 403, of its files and of what only reads. */
export function outsider(code: "invalid" | "forbidden"): (error: unknown) => never {
  return (error) => {
    if (isYardError(error, "not_found") && error.field === "team")
      throw new YardError(code, "This task is of a group that you are not in.", { cause: error });
    throw error;
  };
}
