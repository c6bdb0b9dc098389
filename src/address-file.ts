/** `address.json` in the data directory: how the programs that a yard runs find it. They are told the path once, by a variable; what it
 *  says is written anew at each start, so a program that outlives the yard finds the next one wherever that listens. It holds no secret. */
import { join } from "node:path";
import { writePrivateFile } from "./client/private-file.ts";

/** Set for every process of an app. */
export const addressVariable = "RUNYARD_ADDRESS_FILE";

export interface AddressFile {
  readonly url: string;
  /** Path of the certificate (PEM, the yard's own first) that `url` shows: the one to trust. Absent where `url` is plain HTTP. */
  readonly certificate?: string;
}

export function addressFileIn(dataDirectory: string): string {
  return join(dataDirectory, "address.json");
}

export async function writeAddressFile(dataDirectory: string, address: AddressFile): Promise<void> {
  await writePrivateFile(addressFileIn(dataDirectory), `${JSON.stringify(address)}\n`);
}
