/** The program that writes the packet filter, nft(8). */
import { execFile } from "node:child_process";

const timeoutMs = 30_000;

export interface PacketFilter {
  /** All of it, or nothing. */
  apply(rules: string): Promise<void>;
  /** What the kernel would say to it. */
  check(rules: string): Promise<void>;
  /** Its answer to a question, as it has it in JSON. */
  list(...question: readonly string[]): Promise<unknown>;
}

/** In the network namespace that the thread is in when a function is called: that is where it starts the program. */
export function openPacketFilter(nft: string): PacketFilter {
  function run(args: readonly string[], input = ""): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = execFile(
        nft,
        args,
        { timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => {
          if (error) reject(new Error(`nft: ${stderr.trim().slice(0, 500) || error.message}`, { cause: error }));
          else resolve(stdout);
        },
      );
      child.stdin?.on("error", () => {}); // it has ended without reading: its own words say why
      child.stdin?.end(input);
    });
  }
  return {
    apply: async (rules) => void (await run(["-f", "-"], rules)),
    check: async (rules) => void (await run(["--check", "-f", "-"], rules)),
    list: async (...question) => JSON.parse(await run(["-j", "-a", "list", ...question])),
  };
}
