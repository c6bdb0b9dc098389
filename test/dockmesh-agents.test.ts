/** Agents that show certificates, as their machines and their attackers see the yard. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { type EventEmitter, once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { connect } from "node:tls";
import { WebSocket } from "ws";
import {
  issueCertificate,
  type KeyedCertificate,
  newAuthority,
  newCertificateRequest,
  newKeyPair,
  privateKeyPem,
  type Validity,
} from "../src/platform/crypto/certificates.ts";
import { temporaryDirectory } from "../src/platform/testing/temporary-directory.ts";
import { until } from "../src/platform/testing/until.ts";
import {
  askListener,
  connected,
  connectStranger,
  enrolStranger,
  type Granted,
  type Invitation,
  machineFacts,
  proofOf,
} from "./support/agent-certificate.ts";
import { useDockmeshYard } from "./support/dockmesh.ts";

interface AgentRow {
  readonly id: string;
  readonly status: string;
  readonly hostname?: string;
  readonly cert_fingerprint?: string;
}

const dayMs = 86_400_000;

describe("agents with certificates", () => {
  const yard = useDockmeshYard({ "listen-agents": "127.0.0.1:0" });
  const listed = () => yard.admin.expect<AgentRow[]>(200, "GET", "/agents");
  const agentOf = ({ agent_id }: Granted) => yard.admin.expect<AgentRow>(200, "GET", `/agents/${agent_id}`);

  test("one that is added waits for its machine; its name is its own", async () => {
    const { admin } = yard;
    const invitation = await admin.expect<Invitation>(201, "POST", "/agents", { name: " rig " });
    assert.deepEqual([invitation.agent.name, invitation.agent.status], ["rig", "pending"]);
    assert.match(invitation.token, /^[\w-]{43}$/);
    assert.match(invitation.agent_url, /^wss:\/\/127\.0\.0\.1:\d+\/connect$/);
    assert.ok(invitation.install_hint.includes(`/install/agent.sh?token=${invitation.token}`));
    await admin.expect(409, "POST", "/agents", { name: "rig" });
    for (const body of [{ name: "" }, { name: "  " }, {}, { name: "x\u0007" }, { name: "x".repeat(200) }])
      await admin.expect(400, "POST", "/agents", body);
    assert.deepEqual(
      (await listed()).map(({ id }) => id),
      [invitation.agent.id],
    );
    await admin.expect(404, "GET", "/agents/host_nobody");
    await admin.expect(204, "DELETE", `/agents/${invitation.agent.id}`);
    await admin.expect(404, "DELETE", `/agents/${invitation.agent.id}`);
  });

  test("whoever may not manage the yard sees and adds none", async () => {
    const operator = await yard.makeUser("operator");
    for (const [method, path] of [
      ["GET", "/agents"],
      ["POST", "/agents"],
      ["PUT", "/hosts/local/tags"],
    ] as const)
      await operator.expect(403, method, path, method === "GET" ? undefined : { name: "x", tags: [] });
    assert.equal((await yard.ask("GET", "/agents")).status, 401);
  });

  test("a token is good once, and its certificate is that host's alone", async () => {
    const { token } = await yard.admin.expect<Invitation>(201, "POST", "/agents", { name: "once" });
    const enrol = (body: object) => yard.ask<Granted & { error: string }>("POST", "/agents/enroll", body);
    const tries = await Promise.all([1, 2, 3].map(() => enrol({ token, ...machineFacts })));
    assert.deepEqual(tries.map(({ status }) => status).sort(), [200, 401, 401]);
    const granted = tries.find(({ status }) => status === 200)!.json;
    const certificate = new X509Certificate(granted.client_cert);
    assert.equal(certificate.subject, `CN=${granted.agent_id}`);
    assert.equal(certificate.subjectAltName, `URI:urn:runyard:host:${granted.agent_id}`);
    assert.deepEqual([certificate.ca, certificate.keyUsage], [false, ["1.3.6.1.5.5.7.3.2"]]);
    assert.ok(certificate.checkIssued(new X509Certificate(granted.ca_cert)));
    const { status, hostname, cert_fingerprint: fingerprint } = await agentOf(granted);
    assert.deepEqual([status, hostname], ["offline", "stranger"]);
    assert.equal(fingerprint, certificate.fingerprint256.replaceAll(":", "").toLowerCase());
    for (const bad of ["x", "x".repeat(43), granted.client_cert])
      assert.ok([400, 401].includes((await enrol({ token: bad, ...machineFacts })).status));
  });

  test("a token for a certificate gets no tokens, and the other way round", async () => {
    const { token } = await yard.admin.expect<Invitation>(201, "POST", "/agents", { name: "purpose" });
    const register = await fetch(`${yard.url}/yard/v1/hosts/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    assert.equal(register.status, 401);
    assert.equal((await yard.ask("POST", "/agents/enroll", { token, ...machineFacts })).status, 200);
  });

  test("a request for a certificate gets nothing that it asks for beyond its key, and one that is none uses up no token", async () => {
    const { token } = await yard.admin.expect<Invitation>(201, "POST", "/agents", { name: "greedy" });
    for (const csr of ["", "nonsense", (await newAuthority("evil", validity(1))).cert])
      assert.equal((await yard.ask("POST", "/agents/enroll", { token, ...machineFacts, csr })).status, 400);
    const csr = await greedyRequest();
    const { json, status } = await yard.ask<Granted>("POST", "/agents/enroll", { token, ...machineFacts, csr });
    assert.deepEqual([status, json.client_key], [200, ""]);
    const certificate = new X509Certificate(json.client_cert);
    assert.deepEqual([certificate.ca, certificate.subjectAltName], [false, `URI:urn:runyard:host:${json.agent_id}`]);
  });

  test("only who shows a certificate of the yard gets in, by TLS 1.2 or newer", async () => {
    const granted = await enrolStranger(yard.admin, "door");
    const { ca } = proofOf(granted);
    await assert.rejects(connectStranger(granted.agent_url, { ca }), /certificate required|ECONNRESET|socket hang up/);
    await assert.rejects(
      connectStranger(granted.agent_url, {
        ...proofOf(granted),
        maxVersion: "TLSv1.1",
        minVersion: "TLSv1",
        ciphers: "DEFAULT@SECLEVEL=0",
      }),
      /protocol version/,
    );
    const foreign = await newAuthority("Runyard agents", validity(1));
    for (const [authority, hostId] of [[foreign, granted.agent_id]] as const) {
      const forged = await certificateBy(authority, hostId, validity(1));
      await assert.rejects(
        connectStranger(granted.agent_url, { ca, ...forged }),
        /unknown ca|ECONNRESET|socket hang up|decrypt error/,
      );
    }
    // The first of an agent's keys with another's certificate is no pair at all: TLS itself refuses it.
    const other = await enrolStranger(yard.admin, "door2");
    await assert.rejects(
      connectStranger(granted.agent_url, { ca, cert: other.client_cert, key: granted.client_key }),
      /key values mismatch/,
    );
  });

  test("a certificate that the authority has signed and the yard does not know is no host's", async () => {
    const granted = await enrolStranger(yard.admin, "unknown");
    const database = openDatabaseOf(yard.opened);
    database.prepare("delete from host_certificates where host_id = ?").run(granted.agent_id);
    assert.equal(await connectStranger(granted.agent_url, proofOf(granted)), 401);
    database
      .prepare("insert into host_certificates values (?, ?, 1, ?, null)")
      .run(fingerprint(granted), (await enrolStranger(yard.admin, "victim")).agent_id, Date.now() + dayMs);
    assert.equal(
      await connectStranger(granted.agent_url, proofOf(granted)),
      401,
      "not by the row alone: its own name counts",
    );
    database
      .prepare("update host_certificates set host_id = ?, expires_at = 1 where fingerprint = ?")
      .run(granted.agent_id, fingerprint(granted));
    assert.equal(await connectStranger(granted.agent_url, proofOf(granted)), 401, "nor one that has expired");
    database.close();
  });

  test("the listener serves no API, and the other ones take no certificate", async () => {
    const granted = await enrolStranger(yard.admin, "rest");
    for (const path of ["/api/v1/health", "/api/v1/agents", "/yard/v1/hosts", "/healthz", "/v1/capsules"])
      assert.equal((await askListener(granted, "GET", path)).status, 404, path);
    assert.equal((await askListener(granted, "GET", "/connect")).status, 400);
    assert.equal((await fetch(`${yard.url}/connect`)).status, 404);
  });

  test("removing one cuts its connection within five seconds, and it does not get in again", async () => {
    const granted = await enrolStranger(yard.admin, "revoked");
    const socket = await connected(granted);
    const since = performance.now();
    const ended = closed(socket);
    await yard.admin.expect(204, "DELETE", `/agents/${granted.agent_id}`);
    await ended;
    assert.ok(performance.now() - since < 5_000);
    assert.equal(await connectStranger(granted.agent_url, proofOf(granted)), 403);
    assert.equal(
      (await askListener(granted, "POST", "/certificate", { csr: (await newCertificateRequest("x")).request })).status,
      403,
    );
  });

  test("a machine that enrols anew takes the place of the one before", async () => {
    const before = await enrolStranger(yard.admin, "again");
    const socket = await connected(before);
    const first = await yard.admin.expect<Invitation>(200, "POST", `/agents/${before.agent_id}/rotate-token`);
    const { token } = await yard.admin.expect<Invitation>(200, "POST", `/agents/${before.agent_id}/rotate-token`);
    assert.equal((await yard.ask("POST", "/agents/enroll", { token: first.token, ...machineFacts })).status, 401);
    assert.equal(socket.readyState, WebSocket.OPEN, "a token alone changes nothing");
    const ended = closed(socket);
    const { json: now } = await yard.ask<Granted>("POST", "/agents/enroll", { token, ...machineFacts });
    await ended;
    assert.equal(now.agent_id, before.agent_id);
    assert.equal(await connectStranger(before.agent_url, proofOf(before)), 403);
    (await connected(now)).terminate();
  });

  test("a renewed certificate takes the place of the old one by being used", async () => {
    const old = await enrolStranger(yard.admin, "renewed");
    const { request, key } = await newCertificateRequest("whoever");
    const renewed = await askListener(old, "POST", "/certificate", { csr: request });
    assert.equal(renewed.status, 200);
    assert.equal((await askListener(old, "POST", "/certificate", { csr: "nonsense" })).status, 400);
    (await connected(old)).terminate();
    const now = { ...old, client_cert: renewed.json.client_cert, client_key: key };
    assert.equal(new X509Certificate(now.client_cert).subject, `CN=${old.agent_id}`);
    (await connected(now)).terminate();
    await until(async () => (await connectStranger(old.agent_url, proofOf(old))) === 403, {
      what: "the old one is over",
    });
  });

  test("a message longer than any that is sent in good faith ends that connection, and no other", async () => {
    const [evil, good] = await Promise.all([enrolStranger(yard.admin, "evil"), enrolStranger(yard.admin, "good")]);
    const other = await connected(good);
    const { hostname, port } = new URL(evil.agent_url.replace("wss", "https"));
    const raw = connect({ host: hostname, port: Number(port), ...proofOf(evil) });
    raw.on("error", () => {}); // it is cut while it writes
    await once(raw, "secureConnect");
    raw.write(
      `GET /connect HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\n\r\n`,
    );
    await once(raw, "data");
    const before = process.memoryUsage().rss;
    const header = Buffer.alloc(14);
    header.set([0x82, 0xff]);
    header.writeBigUInt64BE(2n ** 30n, 2); // a gigabyte
    const ended = closed(raw);
    raw.write(header);
    raw.on("data", () => {});
    for (let i = 0; i < 64 && !raw.destroyed; i++) raw.write(Buffer.alloc(65_536));
    await ended;
    assert.ok(process.memoryUsage().rss - before < 64 * 1024 ** 2);
    assert.equal(other.readyState, WebSocket.OPEN);
    other.terminate();
  });
});

describe("the script that installs an agent", () => {
  const yard = useDockmeshYard();
  const fetched = (path: string) => fetch(`${yard.url}${path}`);

  test("is a script for any shell, and holds nothing that the asker could make a command of", async () => {
    const reply = await fetched("/install/agent.sh?token=abc-_1");
    assert.deepEqual([reply.status, reply.headers.get("cache-control")], [200, "no-store"]);
    const script = await reply.text();
    assert.ok(script.includes("token='abc-_1'") && script.includes(`yard='${yard.url}'`));
    execFileSync("sh", ["-n"], { input: script });
    for (const token of ["", "$(id)", "a'b", "a%0Ab", "x".repeat(200)])
      assert.equal((await fetched(`/install/agent.sh?token=${token}`)).status, 400, token);
    assert.equal((await fetched("/install/agent.sh")).status, 400);
    const { status, headers } = await fetched("/install/other");
    assert.deepEqual([status, headers.get("content-type")?.startsWith("application/json")], [404, true]);
  });

  test("joins with the token that it was made for", async () => {
    using directory = temporaryDirectory();
    const program = join(directory.path, "runyard");
    writeFileSync(program, '#!/bin/sh\nprintf "%s|" "$@"; cat "$7"\n', { mode: 0o755 });
    const script = await (await fetched("/install/agent.sh?token=secret")).text();
    const env = { PATH: `${directory.path}:${process.env.PATH}`, HOME: directory.path };
    const host = join(directory.path, ".local/share/runyard/host");
    const said = execFileSync("sh", [], { input: script, env, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] });
    assert.equal(said, `agent|--join|${yard.url}|--data|${host}|--token-file|${host}/token|secret\n`);
    assert.equal(statSync(join(host, "token")).mode & 0o777, 0o600);
  });
});

describe("tags of hosts", () => {
  const yard = useDockmeshYard({ "listen-agents": "127.0.0.1:0" });

  test("are small letters, sorted, each once, and twenty at most", async () => {
    const { admin } = yard;
    assert.deepEqual(await admin.expect(200, "PUT", "/hosts/local/tags", { tags: ["prod", "EU", "prod"] }), [
      "eu",
      "prod",
    ]);
    assert.deepEqual(await admin.expect(200, "POST", "/hosts/local/tags", { tag: "Db" }), ["db", "eu", "prod"]);
    for (const tag of ["", "-x", "a b", "x".repeat(33), "ü"]) {
      await admin.expect(400, "POST", "/hosts/local/tags", { tag });
      await admin.expect(400, "PUT", "/hosts/local/tags", { tags: [tag] });
    }
    const many = Array.from({ length: 20 }, (_, i) => `t${i}`);
    await admin.expect(422, "PUT", "/hosts/local/tags", { tags: [...many, "more"] });
    assert.deepEqual(await admin.expect(200, "GET", "/hosts/local/tags"), ["db", "eu", "prod"]);
    await admin.expect(200, "PUT", "/hosts/local/tags", { tags: many });
    await admin.expect(422, "POST", "/hosts/local/tags", { tag: "more" });
    await admin.expect(200, "PUT", "/hosts/local/tags", { tags: ["eu"] });
    await admin.expect(204, "DELETE", "/hosts/local/tags/EU");
    await admin.expect(204, "DELETE", "/hosts/local/tags/eu");
    assert.deepEqual(await admin.expect(200, "GET", "/hosts/local/tags"), []);
    await admin.expect(404, "GET", "/hosts/nowhere/tags");
  });

  test("hold users to hosts from the moment they are given", async () => {
    const { agent } = await yard.admin.expect<Invitation>(201, "POST", "/agents", { name: "tagged" });
    const scoped = await yard.makeUser("admin", ["edge"]);
    assert.deepEqual(await scoped.expect(200, "GET", "/agents"), []);
    await scoped.expect(403, "GET", `/agents/${agent.id}`);
    await scoped.expect(403, "DELETE", `/agents/${agent.id}`);
    await scoped.expect(403, "PUT", `/hosts/${agent.id}/tags`, { tags: ["edge"] });
    await yard.admin.expect(200, "PUT", `/hosts/${agent.id}/tags`, { tags: ["edge"] });
    await yard.admin.expect(200, "PUT", "/hosts/local/tags", { tags: ["core"] });
    assert.equal((await scoped.expect<AgentRow>(200, "GET", `/agents/${agent.id}`)).id, agent.id);
    assert.deepEqual(await scoped.expect(200, "GET", "/hosts/tags/all"), ["edge"]);
    assert.deepEqual(await yard.admin.expect(200, "GET", "/hosts/tags/all"), ["core", "edge"]);
    await scoped.expect(403, "GET", "/hosts/local/tags");
  });
});

function validity(days: number) {
  const now = Date.now();
  return { notBefore: now - dayMs, notAfter: now + days * dayMs };
}

function fingerprint({ client_cert: certificate }: Granted): string {
  return new X509Certificate(certificate).fingerprint256.replaceAll(":", "").toLowerCase();
}

/** Of an authority that says that it is the yard's. */
async function certificateBy(authority: KeyedCertificate, hostId: string, { notBefore, notAfter }: Validity) {
  const keys = await newKeyPair();
  const names = [{ type: "url", value: `urn:runyard:host:${hostId}` }] as const;
  const wish = { commonName: hostId, names, usage: "client", publicKey: keys.publicKey, notBefore, notAfter } as const;
  return { cert: await issueCertificate(authority, wish), key: await privateKeyPem(keys) };
}

/** Asks to be an authority, and another host besides. */
async function greedyRequest(): Promise<string> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "CN=host_somebody",
    keys: await newKeyPair(),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [
      new x509.BasicConstraintsExtension(true, 5, true),
      new x509.SubjectAlternativeNameExtension([{ type: "url", value: "urn:runyard:host:host_somebody" }]),
    ],
  });
  return request.toString("pem");
}

function openDatabaseOf({ data }: { readonly data: string }): DatabaseSync {
  return new DatabaseSync(join(data, "runyard.db"));
}

/** However it ends: a connection that is cut may well fail first. */
function closed(connection: EventEmitter): Promise<void> {
  return new Promise((resolve) => connection.once("close", () => resolve()));
}
