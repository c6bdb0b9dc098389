import assert from "node:assert/strict";
import { test } from "node:test";
import { listeningPorts } from "./listening-ports.ts";
import { portAddress } from "./port-address.ts";

test("ports that are listened on are told from connections", () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100007F:0050 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0 0 0
   1: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0 0 0
`;
  assert.deepEqual(listeningPorts(text), [22, 8080]);
});

test("a port has a name below the console's, where that is a name or this machine", () => {
  const at = (hostname: string, port = "") => portAddress({ protocol: "http:", hostname, port }, "cl-x", 8000);
  assert.equal(at("yard.example.com"), "http://8000-cl-x.yard.example.com/");
  assert.equal(at("127.0.0.1", "7700"), "http://8000-cl-x.localhost:7700/");
  assert.equal(at("[::1]", "7700"), "http://8000-cl-x.localhost:7700/");
  assert.equal(at("10.1.2.3"), undefined);
});
