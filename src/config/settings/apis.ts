/** What each API lets its clients choose, or its operator. */
import { apiUrl, forwardTarget, httpUrl, redisAddress } from "../addresses.ts";
import { hidden, optional, withDefault } from "../setting.ts";
import * as values from "../values.ts";

export const apiSettings = {
  "dockmesh.session": withDefault("24h", {
    parse: values.duration,
    placeholder: "duration",
    help: "how long a login through the Dockmesh API lasts, however often it is refreshed",
  }),
  "dockmesh.session-idle": withDefault("60m", {
    parse: values.duration,
    placeholder: "duration",
    help: "how long it lasts without a refresh; 0 is no limit",
  }),
  "dockmesh.session-remembered": withDefault("14d", {
    parse: values.duration,
    placeholder: "duration",
    help: "how long one lasts that is to be remembered, idle or not",
  }),
  "appmesh.reading": withDefault("auto", {
    parse: values.choice(["auto", "client", "document"]),
    placeholder: "auto|client|document",
    help: "which reading of the App Mesh contract is served; auto chooses by the client",
  }),
  "appmesh.forward-to": optional({
    parse: values.list(forwardTarget),
    placeholder: "hosts",
    help: "host[:port] of App Mesh servers that requests with X-Target-Host may be handed on to; without a port: 6060",
  }),
  "appmesh.max-upload": withDefault("10240", {
    parse: values.wholeNumber({ min: 1, max: 1_000_000_000 }),
    placeholder: "MiB",
    help: "largest file that may be uploaded",
  }),
  "mitosis.reading": withDefault("auto", {
    parse: values.choice(["auto", "client", "document"]),
    placeholder: "auto|client|document",
    help: "which reading of the Mitosis contract is served; auto chooses by the client",
  }),
  "wrenn.signup": withDefault("loopback", {
    parse: values.choice(["open", "loopback", "closed"]),
    placeholder: "open|loopback|closed",
    help: "who may make an account through Wrenn's API: everybody, programs on this machine, or nobody",
  }),
  "wrenn.frontend-url": optional({
    parse: values.one(httpUrl),
    placeholder: "url",
    help: "of the pages that a login by OAuth returns to; default: public-url, or where the request came in",
  }),
  "wrenn.github-client-id": optional({
    parse: values.text,
    placeholder: "id",
    help: "of the OAuth application by which users log in with GitHub; with its secret",
  }),
  "wrenn.github-client-secret": optional({
    parse: values.text,
    placeholder: "secret",
    help: "of that application",
    show: hidden,
  }),
  "wrenn.github-url": withDefault("https://github.com", {
    parse: values.one(httpUrl),
    placeholder: "url",
    help: "where they log in: GitHub's pages, or an own server that speaks like it",
  }),
  "wrenn.github-api-url": withDefault("https://api.github.com", {
    parse: values.one(apiUrl),
    placeholder: "url",
    help: "where that one tells who they are; of an own server mostly https://host/api/v3",
  }),
  "wrenn.oauth-query": withDefault("true", {
    parse: values.flag,
    placeholder: "boolean",
    help: "whether a login by OAuth returns with the token in the page's URL too, besides in short-lived cookies",
  }),
  "mitosis.redis": withDefault("true", {
    parse: values.flag,
    placeholder: "boolean",
    help: "whether Mitosis' clients and workers get users of their own in the Redis of redis-url",
  }),
  "mitosis.redis-address": optional({
    parse: values.one(redisAddress),
    placeholder: "host:port",
    help: "where they reach it; default: as redis-url says",
  }),
  "mcp.mode": withDefault("stateful", {
    parse: values.choice(["stateful", "stateless"]),
    placeholder: "stateful|stateless",
    help: "tools for models: stateless leaves one tool for scripts, which waits for their end",
  }),
  "mcp.hosts": optional({
    parse: values.list((name) => name.toLowerCase()),
    placeholder: "names",
    help: "names under which models may ask, besides addresses, localhost and this machine's; several by comma",
  }),
} as const;
