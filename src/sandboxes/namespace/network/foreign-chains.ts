/** Other firewalls of the host (Docker's, ufw's, the administrator's own). A packet passes only if every one of them lets it pass, and many drop all that
 *  is handed on and that they do not know. Those get two rules for our link, which carry the name of our table as their comment. What has been let
 *  through there still has to pass our own rules. */
import type { PacketFilter } from "./filter.ts";

interface Chain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook?: string;
  readonly policy?: string;
}

interface Rule {
  readonly handle: number;
  readonly comment?: string;
}

export interface ForeignChains {
  /** Lets the link's packets pass where all others are dropped. Twice is once. */
  open(): Promise<void>;
  close(): Promise<void>;
}

export function createForeignChains(
  filter: PacketFilter,
  { table, link }: { table: string; link: string },
): ForeignChains {
  async function droppingChains(): Promise<readonly Chain[]> {
    const chains = itemsOf(await filter.list("chains"), "chain").filter(isChain);
    return chains.filter(
      ({ family, hook, policy, table: of }) =>
        (family === "ip" || family === "inet") && hook === "forward" && policy === "drop" && of !== table,
    );
  }

  async function oursIn({ family, table: of, name }: Chain): Promise<readonly Rule[]> {
    const rules = itemsOf(await filter.list("chain", family, of, name), "rule").filter(isRule);
    return rules.filter(({ comment }) => comment === table);
  }

  return {
    async open() {
      for (const chain of await droppingChains()) {
        if ((await oursIn(chain)).length > 0) continue;
        const insert = `insert rule ${placeOf(chain)}`;
        await filter.apply(`${insert} iifname "${link}" accept comment "${table}"
${insert} oifname "${link}" ct state established,related accept comment "${table}"
`);
      }
    },
    async close() {
      for (const chain of await droppingChains()) {
        const removals = (await oursIn(chain)).map(({ handle }) => `delete rule ${placeOf(chain)} handle ${handle}\n`);
        if (removals.length > 0) await filter.apply(removals.join(""));
      }
    },
  };
}

function placeOf({ family, table, name }: Chain): string {
  return `${family} ${table} ${name}`;
}

/** nft's answers are `{ nftables: [{ KIND: {…} }, …] }`. */
function itemsOf(answer: unknown, kind: string): unknown[] {
  if (!isRecord(answer) || !Array.isArray(answer.nftables)) return [];
  return answer.nftables.flatMap((item: unknown) => (isRecord(item) && kind in item ? [item[kind]] : []));
}

function isChain(value: unknown): value is Chain {
  return isRecord(value) && ["family", "table", "name"].every((key) => typeof value[key] === "string");
}

function isRule(value: unknown): value is Rule {
  return isRecord(value) && typeof value.handle === "number";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
