/** What several hosts have answered to one question, in Dockmesh's words. */
import { type Static, type TSchema, Type } from "typebox";
import type { DockerHost, FanOut } from "../../containers/docker-hosts.ts";

/** What each row has beside what it has of a single host. */
export const hostColumns = { host_id: Type.String(), host_name: Type.String() };

/** Shipped clients read `reason`, the API's own description names `error`: they are the same. */
const UnreachableHost = Type.Object({ ...hostColumns, error: Type.String(), reason: Type.String() });

/** @param row with `hostColumns` */
export function fanOutReply<Row extends TSchema>(row: Row) {
  return Type.Object({ items: Type.Array(row), unreachable_hosts: Type.Array(UnreachableHost) });
}

/** @param rowsOf the rows of one host */
export function fanOutToWire<Answer, Row extends object>(
  { answers, unreachable }: FanOut<Answer>,
  rowsOf: (answer: Answer) => readonly Row[],
) {
  return {
    items: answers.flatMap(({ host, answer }) => rowsOf(answer).map((row) => ({ ...row, ...hostToWire(host) }))),
    unreachable_hosts: unreachable.map(
      ({ host, error: { message } }): Static<typeof UnreachableHost> => ({
        ...hostToWire(host),
        ...{ error: message, reason: message },
      }),
    ),
  };
}

/** The server's own goes by a name that clients know. */
export function hostToWire({ id, name, isLocal }: Pick<DockerHost, "id" | "name" | "isLocal">) {
  return isLocal ? { host_id: "local", host_name: "Local" } : { host_id: id, host_name: name };
}
