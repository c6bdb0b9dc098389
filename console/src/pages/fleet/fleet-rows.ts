/** What a list of the whole fleet answers: rows of all hosts within reach, and the hosts that did not answer. */

interface Unreachable {
  readonly host_id: string;
  readonly host_name: string;
  readonly reason: string;
}

interface WholeFleet<Row> {
  readonly items: readonly Row[];
  readonly unreachable_hosts: readonly Unreachable[];
}

export type FleetReply<Row> = readonly Row[] | WholeFleet<Row>;

export interface FleetRows<Row> {
  readonly rows: readonly Row[];
  readonly away: readonly AwayHost[];
}

export interface AwayHost {
  readonly name: string;
  readonly reason: string;
}

/** @param reply of a call with `host=all` */
export function fleetRows<Row>(reply: FleetReply<Row>): FleetRows<Row> {
  if ("items" in reply)
    return {
      rows: reply.items,
      away: reply.unreachable_hosts.map(({ host_name: name, reason }) => ({ name, reason })),
    };
  return { rows: reply, away: [] };
}
