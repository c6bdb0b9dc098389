/** Where the yard is found, and who gets in. */
import { homedir } from "node:os";
import { join } from "node:path";
import { agentsAddress, httpUrl, listenSpec, proxyAddress } from "../addresses.ts";
import { hidden, optional, withDefault } from "../setting.ts";
import * as values from "../values.ts";

export const servingSettings = {
  data: withDefault((env) => join(env.XDG_DATA_HOME || join(env.HOME || homedir(), ".local", "share"), "runyard"), {
    parse: values.path,
    placeholder: "directory",
    help: "where the yard keeps everything",
  }),
  listen: withDefault("127.0.0.1:7700", {
    parse: values.list(listenSpec),
    placeholder: "addresses",
    help: "host:port to listen on; several by comma, https:// for TLS",
  }),
  "listen.appmesh": optional({
    parse: values.list(listenSpec),
    placeholder: "addresses",
    help: "further addresses where only the App Mesh API answers, such as https://0.0.0.0:6060",
  }),
  "listen.mitosis": optional({
    parse: values.list(listenSpec),
    placeholder: "addresses",
    help: "further addresses where only the Mitosis API answers, such as 0.0.0.0:5000",
  }),
  "listen.wrenn": optional({
    parse: values.list(listenSpec),
    placeholder: "addresses",
    help: "further addresses where only the Wrenn API answers, below /v1 and /api/v1, such as 0.0.0.0:8080",
  }),
  "listen.dockmesh": optional({
    parse: values.list(listenSpec),
    placeholder: "addresses",
    help: "further addresses where only the Dockmesh API answers, such as 0.0.0.0:8080",
  }),
  "listen.agents": optional({
    parse: (given, context): readonly string[] =>
      given.length === 1 && given[0] === "off" ? [] : values.list(listenSpec)(given, context),
    placeholder: "addresses|off",
    help: "where agents with certificates are connected, always by TLS, such as 0.0.0.0:8443; default: port 8443 of the hosts in listen (any free one where listen says so)",
  }),
  "agents.address": optional({
    parse: values.one(agentsAddress),
    placeholder: "host:port",
    help: "where such agents reach it; default: by the name under which the yard was asked",
  }),
  "agents.names": optional({
    parse: values.list((name) => name),
    placeholder: "names",
    help: "further names and addresses for the certificate that they are shown; several by comma",
  }),
  tls: withDefault("off", {
    parse: values.choice(["off", "self-signed"]),
    placeholder: "off|self-signed",
    help: "self-signed: addresses without http:// speak TLS, with a certificate of our own making",
  }),
  "tls-cert": optional({
    parse: values.path,
    placeholder: "file",
    help: "certificate chain (PEM); addresses without http:// then speak TLS",
  }),
  "tls-key": optional({ parse: values.path, placeholder: "file", help: "its private key (PEM)" }),
  "trusted-proxies": optional({
    parse: values.list(proxyAddress),
    placeholder: "addresses",
    help: "reverse proxies whose X-Forwarded-For is believed: addresses or networks, several by comma",
  }),
  "admin-password": optional({
    parse: values.text,
    placeholder: "password",
    help: "of the first administrator, when there is no user yet; otherwise one is made up and printed once",
    show: hidden,
  }),
  "public-url": optional({
    parse: values.one(httpUrl),
    placeholder: "url",
    help: "where clients reach the yard, for the URLs it hands out; default: where the request came in",
  }),
  "metrics.open": withDefault("false", {
    parse: values.flag,
    placeholder: "boolean",
    help: "whether /metrics needs no token for callers from elsewhere either",
  }),
  "login-rate": withDefault("120", {
    parse: values.wholeNumber({ min: 0, max: 1_000_000 }),
    placeholder: "number",
    help: "login requests per minute and address; 0 is no limit",
  }),
  "lockout.tries": withDefault("5", {
    parse: values.wholeNumber({ min: 1, max: 1_000 }),
    placeholder: "number",
    help: "wrong passwords until an account is locked for a while",
  }),
  "lockout.minutes": withDefault("15", {
    parse: values.wholeNumber({ min: 1, max: 100_000 }),
    placeholder: "number",
    help: "how long it is locked",
  }),
} as const;
