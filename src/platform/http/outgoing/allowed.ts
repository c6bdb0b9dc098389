/** Where the yard goes by itself when somebody names a server: the internet, and what its operator allows besides. */
import type { BlockList } from "node:net";
import { isIn, specialKindOf } from "./addresses.ts";
import { ExchangeError } from "./exchange-error.ts";

export interface Allowed {
  /** Beside the internet. */
  readonly networks: BlockList;
  /** The setting that holds them, to be named in the refusal. */
  readonly setting: string;
}

/** For `requestGuarded`. @param host for the message */
export function judgeBy({ networks, setting }: Allowed, host: string): (address: string) => void {
  return (address) => {
    const kind = specialKindOf(address);
    if (kind === undefined || isIn(networks, address)) return;
    throw new ExchangeError(`${host} leads to ${kind}, which ${setting} does not allow`);
  };
}
