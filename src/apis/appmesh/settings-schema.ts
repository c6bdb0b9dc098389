/** App Mesh's configuration on the wire. */
import { type Static, type TProperties, Type } from "typebox";
import { TextMap } from "./schemas.ts";

/** App Mesh's names of log levels. */
export const logLevelNames = ["DEBUG", "INFO", "NOTICE", "WARN", "ERROR"] as const;
export type LogLevelName = (typeof logLevelNames)[number];

const literals = <const T extends readonly string[]>(values: T, description: string) =>
  Type.Unsafe<T[number]>({ type: "string", enum: [...values], description });

const BaseConfig = {
  Description: Type.String({ maxLength: 1_024, description: "Shown among the host's resources" }),
  DefaultExecUser: Type.String({ description: "OS user of the apps of users that have none; empty: the agent's own" }),
  DisableExecUser: Type.Boolean({ description: "Run all apps as the agent's own OS user" }),
  WorkingDirectory: Type.String(),
  ScheduleIntervalSeconds: Type.Integer(),
  LogLevel: literals(logLevelNames, "Least level to log; acts at once"),
  PosixTimezone: Type.String({ description: "Of the server; cannot be set" }),
};

const Ssl = {
  VerifyServer: Type.Boolean(),
  VerifyServerDelegate: Type.Boolean({ description: "Whether the certificates of forwarding targets are verified" }),
  VerifyClient: Type.Boolean(),
  SSLCertificateFile: Type.String(),
  SSLCertificateKeyFile: Type.String(),
  SSLClientCertificateFile: Type.String(),
  SSLClientCertificateKeyFile: Type.String(),
  SSLCaPath: Type.String(),
};

const Jwt = {
  JWTSalt: Type.String({ description: "Never shown" }),
  Algorithm: literals(["EdDSA", "HS256", "RS256", "ES256"], "Tokens are signed with EdDSA"),
  Issuer: Type.String(),
  Audience: Type.Array(Type.String(), { maxItems: 100 }),
  SecurityInterface: Type.String(),
};

const Rest = {
  RestEnabled: Type.Boolean(),
  HttpThreadPoolSize: Type.Integer(),
  RestListenPort: Type.Integer(),
  PrometheusExporterListenPort: Type.Integer(),
  RestListenAddress: Type.String(),
  RestTcpPort: Type.Integer(),
};

export const ConfigDocument = Type.Object({
  BaseConfig: Type.Object(BaseConfig),
  REST: Type.Object({ ...Rest, SSL: Type.Object(Ssl), JWT: Type.Object(Jwt) }),
  Labels: TextMap,
  Version: Type.String(),
});
export type ConfigDocument = Static<typeof ConfigDocument>;

/** Any part of it; what it does not know is ignored. */
export const ConfigChange = Type.Object(
  {
    BaseConfig: some(BaseConfig),
    REST: some({ ...Rest, SSL: some(Ssl), JWT: some(Jwt) }),
    Labels: Type.Optional(TextMap),
  },
  { additionalProperties: true },
);
export type ConfigChange = Static<typeof ConfigChange>;

function some<P extends TProperties>(properties: P) {
  return Type.Optional(Type.Partial(Type.Object(properties), { additionalProperties: true }));
}
