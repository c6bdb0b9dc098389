/** An agent as a process of its own, for tests that kill it: `node agent-main.ts DIRECTORY SOCKET`. */
import { startAgent } from "../agent.ts";

const [directory = "", socketPath = ""] = process.argv.slice(2);
const agent = await startAgent({ directory, socketPath, version: "test", log: (message) => console.error(message) });
process.once("SIGTERM", () => void agent.shutdown({ graceMs: 2_000 }));
await agent.closed;
